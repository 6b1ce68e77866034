/*
 * Messages to another process and back, through memory that both have mapped: see memory.h. One place for a message in each
 * direction is enough here, and one gate: the answer says that the place is free again.
 */
#include "memory.h"

#include "fail.h"
#include "samples.h"
#include "sides.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

enum { BYTES = 64 };

/* The two are on lines of their own; a processor fetches two at once. */
struct direction {
    _Alignas(128) union gate full;
    _Alignas(128) char message[BYTES];
};

static struct direction *to, *from;
static const struct gates *gates;
static struct sides sides;

static void put(struct direction *direction, const char *message)
{
    memcpy(direction->message, message, BYTES);
    gates->open(&direction->full);
}

static void get(struct direction *direction, char *message)
{
    while (!gates->pass(&direction->full))
        sides_look(&sides);
    memcpy(message, direction->message, BYTES);
}

static void nothing(int signal)
{
    (void)signal;
}

/* Has a signal interrupt every wait once a second. A time limit for each wait would cost something each time; and a signal that
 * comes just before a wait is no harm, since another one follows. */
static void tick(void)
{
    struct sigaction interrupt = {.sa_handler = nothing}; /* no SA_RESTART: the wait ends with EINTR */
    struct itimerval second = {.it_interval = {.tv_sec = 1}, .it_value = {.tv_sec = 1}};
    if (sigaction(SIGALRM, &interrupt, NULL) < 0)
        fail("sigaction");
    if (setitimer(ITIMER_REAL, &second, NULL) < 0)
        fail("setitimer");
}

static void stop_ticking(void)
{
    struct itimerval never = {0};
    if (setitimer(ITIMER_REAL, &never, NULL) < 0)
        fail("setitimer");
}

static void answer(void)
{
    char message[BYTES];
    tick(); /* a timer is not inherited */
    for (;;) {
        get(to, message);
        put(from, message);
    }
}

static void there_and_back(void)
{
    static uint64_t number;
    static char sent[BYTES], back[BYTES];
    number++;
    memcpy(sent, &number, sizeof number);
    put(to, sent);
    get(from, back);
    if (memcmp(sent, back, BYTES) != 0) {
        fprintf(stderr, "a message came back wrong\n");
        exit(EXIT_FAILURE);
    }
}

void memory_measure(int argc, char **argv, const struct gates *these)
{
    sides = sides_wanted(argc, argv);
    gates = these;
    to = mmap(NULL, 2 * sizeof *to, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (to == MAP_FAILED)
        fail("mmap");
    from = to + 1;
    gates->make(&to->full);
    gates->make(&from->full);
    sides_begin(&sides, answer);
    tick();
    double median_ns = samples_median_ns(sides.ms, there_and_back);
    stop_ticking();
    sides_end(&sides, 0); /* it waits for the next one */
    samples_print(median_ns);
}
