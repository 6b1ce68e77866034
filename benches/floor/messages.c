/* Messages to another process and back, over descriptors: see messages.h. */
#include "messages.h"

#include "fail.h"
#include "samples.h"
#include "sides.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST = 64 };

static struct end here, there;
static size_t bytes;

void messages_over_pipes(struct end *one, struct end *other)
{
    int to[2], back[2];
    if (pipe(to) < 0 || pipe(back) < 0)
        fail("pipe");
    *one = (struct end){.in = back[0], .out = to[1]};
    *other = (struct end){.in = to[0], .out = back[1]};
}

static void close_end(struct end end)
{
    close(end.in);
    if (end.out != end.in)
        close(end.out);
}

/* Writes and reads whole messages; false when the other side is gone. */
static int put(struct end end, const char *message)
{
    for (size_t done = 0; done < bytes;) {
        ssize_t put = write(end.out, message + done, bytes - done);
        if (put < 0 && errno == EPIPE)
            return 0;
        if (put < 0)
            fail("write");
        done += (size_t)put;
    }
    return 1;
}

static int get(struct end end, char *message)
{
    for (size_t done = 0; done < bytes;) {
        ssize_t got = read(end.in, message + done, bytes - done);
        if (got == 0 || (got < 0 && errno == ECONNRESET)) /* it left with something unread */
            return 0;
        if (got < 0)
            fail("read");
        done += (size_t)got;
    }
    return 1;
}

static void answer(void)
{
    char message[LONGEST];
    close_end(here); /* else its own copy would keep it from hearing that there are no more */
    while (get(there, message) && put(there, message))
        ;
}

static void there_and_back(void)
{
    static uint64_t number;
    static char sent[LONGEST], back[LONGEST];
    number++;
    memcpy(sent, &number, bytes < sizeof number ? bytes : sizeof number);
    if (!put(here, sent) || !get(here, back))
        sides_gone();
    if (memcmp(sent, back, bytes) != 0) {
        fprintf(stderr, "a message came back wrong\n");
        exit(EXIT_FAILURE);
    }
}

void messages_measure(int argc, char **argv, size_t each, void (*connect)(struct end *here, struct end *there))
{
    struct sides sides = sides_wanted(argc, argv);
    bytes = each < LONGEST ? each : LONGEST;
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) /* who writes to one that is gone is told, and not ended */
        fail("signal");
    connect(&here, &there);
    sides_begin(&sides, answer);
    close_end(there);
    double median_ns = samples_median_ns(sides.ms, there_and_back);
    close_end(here); /* the other side hears that there are no more */
    sides_end(&sides, 1);
    samples_print(median_ns);
}
