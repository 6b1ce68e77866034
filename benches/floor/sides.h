/* Two processes that measure something between them: this one, which times, and the other, which answers. */
#ifndef SIDES_H
#define SIDES_H

#include <sys/types.h>

/* What was asked for, and the other side once it is there. */
struct sides {
    long ms;
    int here, there; /* the processors that the two are bound to */
    pid_t child;     /* 0 in the other side itself */
    pid_t parent;
};

/* Reads a command line of MILLISECONDS and "together" or "apart": both on the first processor that this process may use, or
 * the other one on the second. A bad one ends the process with 2, and "apart" where there is one processor with 1. All that
 * before there is another side, so that one process says so and not two, and nobody waits for one that never answers. */
struct sides sides_wanted(int argc, char **argv);

/* Starts the other side, which calls `answer` and then ends, and ends when this one does. Both are bound. */
void sides_begin(struct sides *sides, void (*answer)(void));

/* Ends the process if the other side is there no more. For either side, where it has waited for long. */
void sides_look(const struct sides *sides);

/* Says that the other side ended before its time, and ends the process with 1. */
_Noreturn void sides_gone(void);

/* Waits for the other side's end; one that was not told to end is killed first. */
void sides_end(const struct sides *sides, int told);

#endif
