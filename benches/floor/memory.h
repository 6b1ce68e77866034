/* Messages to another process and back, through memory that both have mapped. */
#ifndef MEMORY_H
#define MEMORY_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

/* What a side waits at until the other has opened it: as many pass as it was opened for. It begins closed, and all noughts. */
union gate {
    _Atomic uint32_t word;
    sem_t semaphore;
};

/* How one is made ready, passed and opened. To pass one is to try: false when a signal came, and then somebody looks whether
 * the other side is still there before it is tried again. */
struct gates {
    void (*make)(union gate *gate);
    int (*pass)(union gate *gate);
    void (*open)(union gate *gate);
};

/* Sends messages of 64 bytes there and back, and prints the median of a round trip: all that is left to do for `main`. The
 * command line is that of `sides_wanted`. */
void memory_measure(int argc, char **argv, const struct gates *gates);

#endif
