/* Times an operation again and again: see samples.h. */
#include "samples.h"

#include "fail.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { AT_LEAST = 10, AT_MOST = 1000000, LONGEST_MS = 60000 };

static double ns[AT_MOST]; /* pages come as they are written to */

_Noreturn void wish_refuse(const char *program, const char *words)
{
    fprintf(stderr, "usage: %s MILLISECONDS%s%s (1 to %d ms)\n", program, *words ? " " : "", words, LONGEST_MS);
    exit(2);
}

struct wish wish_read(int argc, char **argv, const char *words)
{
    if (argc < 2 || argc > 3)
        wish_refuse(argv[0], words);
    char *end = NULL;
    errno = 0;
    long ms = strtol(argv[1], &end, 10);
    if (errno != 0 || end == argv[1] || *end != '\0' || ms < 1 || ms > LONGEST_MS)
        wish_refuse(argv[0], words);
    return (struct wish){.program = argv[0], .ms = ms, .word = argv[2]};
}

static double now(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_MONOTONIC, &time) < 0)
        fail("clock_gettime");
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int ascending(const void *left, const void *right)
{
    double l = *(const double *)left, r = *(const double *)right;
    return (l > r) - (l < r);
}

double samples_median_ns(long ms, operation *operation)
{
    double before = now(), counting_from = before + (double)ms * 1e5, until = before + (double)ms * 1e6;
    size_t length = 0;
    while ((before < until || length < AT_LEAST) && length < AT_MOST) {
        operation();
        double after = now();
        if (before >= counting_from)
            ns[length++] = after - before;
        before = after;
    }
    qsort(ns, length, sizeof *ns, ascending);
    return ns[(length + 1) / 2 - 1];
}

void samples_print(double median_ns)
{
    if (printf("%.1f\n", median_ns) < 0 || fflush(stdout) != 0)
        fail("stdout");
}
