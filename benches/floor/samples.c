/* Times an operation again and again: see samples.h. */
#define _GNU_SOURCE
#include "samples.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { AT_LEAST = 10, AT_MOST = 1000000, LONGEST_MS = 60000 };

static double ns[AT_MOST]; /* pages come as they are written to */

_Noreturn void fail(const char *call)
{
    perror(call);
    exit(EXIT_FAILURE);
}

static _Noreturn void usage(const char *program)
{
    fprintf(stderr, "usage: %s MILLISECONDS [WORD], at most %d of them\n", program, LONGEST_MS);
    exit(2);
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

static long milliseconds(int argc, char **argv)
{
    char *end = NULL;
    errno = 0;
    long ms = argc > 1 ? strtol(argv[1], &end, 10) : 0;
    if (argc < 2 || argc > 3 || errno != 0 || *end != '\0' || ms < 1 || ms > LONGEST_MS)
        usage(argv[0]);
    return ms;
}

void samples_print(int argc, char **argv, operation *operation)
{
    long ms = milliseconds(argc, argv);
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
    printf("%.1f\n", ns[(length + 1) / 2 - 1]);
    if (fflush(stdout) != 0)
        fail("stdout");
}

int samples_apart(int argc, char **argv)
{
    milliseconds(argc, argv);
    int apart = argc == 3 && strcmp(argv[2], "apart") == 0;
    if (argc != 3 || (!apart && strcmp(argv[2], "together") != 0))
        usage(argv[0]);
    return apart;
}

void samples_bind(int argc, char **argv, int other)
{
    int apart = samples_apart(argc, argv);
    cpu_set_t allowed, wanted;
    if (sched_getaffinity(0, sizeof allowed, &allowed) < 0)
        fail("sched_getaffinity");
    int skip = apart && other;
    for (int processor = 0; processor < CPU_SETSIZE; processor++) {
        if (!CPU_ISSET(processor, &allowed) || skip-- > 0)
            continue;
        CPU_ZERO(&wanted);
        CPU_SET(processor, &wanted);
        if (sched_setaffinity(0, sizeof wanted, &wanted) < 0)
            fail("sched_setaffinity");
        return;
    }
    fprintf(stderr, "%s: there is one processor only\n", argv[0]);
    exit(EXIT_FAILURE);
}
