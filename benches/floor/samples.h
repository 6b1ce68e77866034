/*
 * Times an operation again and again, as the lab's probes do (models/src/probe/samples.rs), so that a bare C program and a
 * probe are measured alike.
 */
#ifndef SAMPLES_H
#define SAMPLES_H

/* What one operation does; it ends the process with `fail` when something goes wrong. */
typedef void operation(void);

/* Reads for how many milliseconds to measure from the command line, times `operation` for so long after a tenth of that
 * to warm up, and prints the median in nanoseconds. `usage` is printed for a bad command line. */
void samples_print(int argc, char **argv, operation *operation);

/* Binds this process to processor 0 of those that it may use, or to the one after it where the word after the milliseconds is
 * "apart" and this is the other side. Anything but "together" and "apart" is a bad command line. */
void samples_bind(int argc, char **argv, int other);

/* Says which call failed and why, and ends the process with 1. */
_Noreturn void fail(const char *call);

#endif
