/*
 * The floor of the probe `shared-memory-semaphore`: a message of 64 bytes to another process and back, through memory that
 * both have mapped, with POSIX semaphores in it.
 */
#include "fail.h"
#include "memory.h"

#include <errno.h>

static void make(union gate *gate)
{
    const int pshared = 1;
    if (sem_init(&gate->semaphore, pshared, 0) < 0)
        fail("sem_init");
}

static int pass(union gate *gate)
{
    if (sem_wait(&gate->semaphore) == 0)
        return 1;
    if (errno != EINTR)
        fail("sem_wait");
    return 0;
}

static void open_gate(union gate *gate)
{
    if (sem_post(&gate->semaphore) < 0)
        fail("sem_post");
}

int main(int argc, char **argv)
{
    memory_measure(argc, argv, &(struct gates){.make = make, .pass = pass, .open = open_gate});
}
