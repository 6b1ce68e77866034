/*
 * The floor of the probe `fork`: a child that ends at once, and is waited for. With a number of MiB, so much memory has been
 * touched beforehand, in pages of the usual size as with the probe (models/src/probe/spawn/touched.rs).
 */
#define _GNU_SOURCE
#include "fail.h"
#include "samples.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_MIB = 1024, MIB = 1024 * 1024, PAGE_BYTES = 4096 };

static const char WORDS[] = "[MIB from 0 to 1024]";

static void fork_and_wait(void)
{
    pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0)
        _exit(EXIT_SUCCESS);
    if (waitpid(child, NULL, 0) < 0)
        fail("waitpid");
}

static size_t bytes_to_touch(struct wish wish)
{
    if (wish.word == NULL)
        return 0;
    char *end = NULL;
    errno = 0;
    long mib = strtol(wish.word, &end, 10);
    if (errno != 0 || end == wish.word || *end != '\0' || mib < 0 || mib > MOST_MIB)
        wish_refuse(wish.program, WORDS);
    return (size_t)mib * MIB;
}

static void touch(size_t bytes)
{
    if (bytes == 0)
        return;
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        fail("mmap");
    /* EINVAL is a kernel that has no huge pages at all. */
    if (madvise(memory, bytes, MADV_NOHUGEPAGE) < 0 && errno != EINVAL)
        fail("madvise");
    for (size_t at = 0; at < bytes; at += PAGE_BYTES)
        *(volatile char *)(memory + at) = 1;
}

int main(int argc, char **argv)
{
    struct wish wish = wish_read(argc, argv, WORDS);
    touch(bytes_to_touch(wish));
    samples_print(samples_median_ns(wish.ms, fork_and_wait));
}
