/* Messages to another process and back, over descriptors. */
#ifndef MESSAGES_H
#define MESSAGES_H

#include <stddef.h>

/* What one side reads from and writes to; it may be the same. */
struct end {
    int in, out;
};

/* Two ends that two pipes connect. */
void messages_over_pipes(struct end *here, struct end *there);

/* Sends messages of so many bytes, 64 at most, from the one end, has them sent back from the other, and prints the median of
 * a round trip: all that is left to do for `main`. The command line is that of `sides_wanted`. */
void messages_measure(int argc, char **argv, size_t bytes, void (*connect)(struct end *here, struct end *there));

#endif
