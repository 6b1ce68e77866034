/*
 * Times an operation again and again, as the lab's probes do (models/src/probe/samples.rs), so that a bare C program and a
 * probe are measured alike.
 */
#ifndef SAMPLES_H
#define SAMPLES_H

/* What the command line asks for. */
struct wish {
    const char *program;
    long ms;          /* for how long to measure */
    const char *word; /* what comes after that; NULL when nothing does */
};

/* Reads a command line of MILLISECONDS and at most one word more. A bad one ends the process with 2, in a line that has
 * `words` as what may come after the milliseconds. */
struct wish wish_read(int argc, char **argv, const char *words);

/* Ends the process in this way. */
_Noreturn void wish_refuse(const char *program, const char *words);

/* What one operation does; it ends the process with `fail` when something goes wrong. */
typedef void operation(void);

/* Times `operation` for so long, of which a tenth is to warm up. The median in nanoseconds. */
double samples_median_ns(long ms, operation *operation);

/* Prints it. */
void samples_print(double median_ns);

#endif
