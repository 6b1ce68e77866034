/* Two processes that measure something between them: see sides.h. */
#define _GNU_SOURCE
#include "sides.h"

#include "fail.h"
#include "samples.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char WORDS[] = "together|apart";

/* The first processor from this one on that the process may use; CPU_SETSIZE where there is none. */
static int processor_from(int first)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) < 0)
        fail("sched_getaffinity");
    while (first < CPU_SETSIZE && !CPU_ISSET(first, &allowed))
        first++;
    return first;
}

static void bind_to(int processor)
{
    cpu_set_t wanted;
    CPU_ZERO(&wanted);
    CPU_SET(processor, &wanted);
    if (sched_setaffinity(0, sizeof wanted, &wanted) < 0)
        fail("sched_setaffinity");
}

struct sides sides_wanted(int argc, char **argv)
{
    struct wish wish = wish_read(argc, argv, WORDS);
    int apart = wish.word != NULL && strcmp(wish.word, "apart") == 0;
    if (wish.word == NULL || (!apart && strcmp(wish.word, "together") != 0))
        wish_refuse(wish.program, WORDS);
    int first = processor_from(0), second = apart ? processor_from(first + 1) : first;
    if (second >= CPU_SETSIZE) {
        fprintf(stderr, "%s: there is one processor only, and the two sides can't be apart\n", wish.program);
        exit(EXIT_FAILURE);
    }
    return (struct sides){.ms = wish.ms, .here = first, .there = second, .parent = getpid()};
}

void sides_begin(struct sides *sides, void (*answer)(void))
{
    /* Were its end ignored, as it may be since before this program began, its number could soon be another's. */
    if (signal(SIGCHLD, SIG_DFL) == SIG_ERR)
        fail("signal");
    sides->child = fork();
    if (sides->child < 0)
        fail("fork");
    if (sides->child == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
            fail("prctl");
        sides_look(sides); /* the parent may have ended before that */
        bind_to(sides->there);
        answer();
        _exit(EXIT_SUCCESS);
    }
    bind_to(sides->here);
}

void sides_look(const struct sides *sides)
{
    if (sides->child == 0) {
        if (getppid() != sides->parent)
            _exit(EXIT_FAILURE);
        return;
    }
    pid_t ended = waitpid(sides->child, NULL, WNOHANG);
    if (ended < 0)
        fail("waitpid");
    if (ended > 0)
        sides_gone();
}

_Noreturn void sides_gone(void)
{
    fprintf(stderr, "the other side ended before its time\n");
    exit(EXIT_FAILURE);
}

void sides_end(const struct sides *sides, int told)
{
    if (!told && kill(sides->child, SIGKILL) < 0)
        fail("kill");
    while (waitpid(sides->child, NULL, 0) < 0)
        if (errno != EINTR)
            fail("waitpid");
}
