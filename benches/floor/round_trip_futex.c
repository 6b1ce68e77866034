/*
 * The floor of the probe `shared-memory-futex`: a message of 64 bytes to another process and back, through memory that both
 * have mapped, with the gate that the probe has (models/src/probe/ipc/shared_memory/futex.rs).
 *
 * How many may pass, and in the highest bit whether somebody sleeps until one may. Both are in one number so that they change
 * together: were the bit a number of its own, who opens could take it away just after the other side has passed and set it
 * anew, and then sees nobody to wake ever after.
 */
#define _GNU_SOURCE
#include "fail.h"
#include "memory.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

static const uint32_t SOMEBODY_SLEEPS = UINT32_C(1) << 31;

static void make(union gate *gate)
{
    atomic_store(&gate->word, 0);
}

static int pass(union gate *gate)
{
    uint32_t seen;
    /* Only who passes sets the bit, and only while nobody may. */
    while ((seen = atomic_load_explicit(&gate->word, memory_order_acquire)) == 0 || seen == SOMEBODY_SLEEPS) {
        uint32_t nobody = 0;
        atomic_compare_exchange_strong(&gate->word, &nobody, SOMEBODY_SLEEPS);
        if (syscall(SYS_futex, &gate->word, FUTEX_WAIT, SOMEBODY_SLEEPS, NULL, NULL, 0) == 0 || errno == EAGAIN)
            continue; /* woken, or it was opened meanwhile */
        if (errno == EINTR)
            return 0;
        fail("futex");
    }
    atomic_fetch_sub(&gate->word, 1); /* nobody else passes here */
    return 1;
}

static void open_gate(union gate *gate)
{
    uint32_t seen = atomic_load(&gate->word);
    while (!atomic_compare_exchange_weak(&gate->word, &seen, (seen & ~SOMEBODY_SLEEPS) + 1))
        ;
    if (seen & SOMEBODY_SLEEPS && syscall(SYS_futex, &gate->word, FUTEX_WAKE, 1, NULL, NULL, 0) < 0)
        fail("futex");
}

int main(int argc, char **argv)
{
    memory_measure(argc, argv, &(struct gates){.make = make, .pass = pass, .open = open_gate});
}
