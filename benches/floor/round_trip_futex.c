/*
 * The floor of the probe `shared-memory-futex`: a message of 64 bytes to another process and back, through memory that both
 * have mapped. One place for a message in each direction is enough here: the answer says that it is free again.
 */
#define _GNU_SOURCE
#include "samples.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BYTES = 64 };

/* One direction: whether there is a message, whether somebody sleeps until there is, and the message. */
struct direction {
    _Alignas(128) _Atomic uint32_t full;
    _Atomic uint32_t somebody_sleeps;
    _Alignas(128) char message[BYTES];
};

static struct direction *to, *from;

static void put(struct direction *direction, const char *message)
{
    memcpy(direction->message, message, BYTES);
    atomic_store(&direction->full, 1);
    if (atomic_load(&direction->somebody_sleeps)) {
        atomic_store(&direction->somebody_sleeps, 0);
        if (syscall(SYS_futex, &direction->full, FUTEX_WAKE, 1, NULL, NULL, 0) < 0)
            fail("futex");
    }
}

static void get(struct direction *direction, char *message)
{
    while (!atomic_load(&direction->full)) {
        atomic_store(&direction->somebody_sleeps, 1);
        if (syscall(SYS_futex, &direction->full, FUTEX_WAIT, 0, NULL, NULL, 0) < 0 && errno != EAGAIN && errno != EINTR)
            fail("futex");
    }
    atomic_store(&direction->full, 0);
    memcpy(message, direction->message, BYTES);
}

static _Noreturn void answer(void)
{
    char message[BYTES];
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

int main(int argc, char **argv)
{
    samples_apart(argc, argv);
    to = mmap(NULL, 2 * sizeof *to, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (to == MAP_FAILED)
        fail("mmap");
    from = to + 1;
    pid_t parent = getpid(), child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
            _exit(EXIT_FAILURE);
        samples_bind(argc, argv, 1);
        answer();
    }
    samples_bind(argc, argv, 0);
    samples_print(argc, argv, there_and_back);
    if (kill(child, SIGKILL) < 0) /* it waits for the next one */
        fail("kill");
    if (waitpid(child, NULL, 0) < 0)
        fail("waitpid");
}
