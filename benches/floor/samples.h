/*
 * Times an operation again and again, as the lab's probes do (models/src/probe/samples.rs), so that a bare C program and a
 * probe are measured alike.
 */
#ifndef SAMPLES_H
#define SAMPLES_H

/* What one operation does; it ends the process with `fail` when something goes wrong. */
typedef void operation(void);

/* Reads from the command line for how many milliseconds to measure, times `operation` for so long, of which a tenth is to
 * warm up, and prints the median in nanoseconds. A bad command line ends the process with 2. */
void samples_print(int argc, char **argv, operation *operation);

/* Whether the word after the milliseconds is "apart"; anything else but "together" is a bad command line. Asked before
 * anything is made, so that one process says so and not two. */
int samples_apart(int argc, char **argv);

/* Binds this process to the first processor that it may use; the other side of two that are "apart" to the second. */
void samples_bind(int argc, char **argv, int other);

/* Says which call failed and why, and ends the process with 1. */
_Noreturn void fail(const char *call);

#endif
