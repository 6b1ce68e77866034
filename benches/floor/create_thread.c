/*
 * The floor of the probes `pthread` and `thread`: a thread with a stack of 2 MiB, as std gives it, that ends at once and is
 * joined. Asked with `told`, each thread also has what std gives it so that it can tell when its stack is full: it looks where
 * its stack ends, and has a second one, with a page that guards it, for the handler of SIGSEGV.
 */
#define _GNU_SOURCE
#include "fail.h"
#include "samples.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

enum { STACK_BYTES = 2 * 1024 * 1024, SECOND_STACK_BYTES = 8 * 1024, PAGE_BYTES = 4096 };

static const char WORDS[] = "[told]";

static pthread_attr_t attributes;
static void *(*body)(void *);

static void check(int error, const char *call)
{
    if (error != 0) {
        errno = error;
        fail(call);
    }
}

static void *end_at_once(void *argument)
{
    return argument;
}

static void *be_told(void *argument)
{
    pthread_attr_t mine;
    check(pthread_getattr_np(pthread_self(), &mine), "pthread_getattr_np");
    check(pthread_attr_destroy(&mine), "pthread_attr_destroy");

    size_t bytes = SECOND_STACK_BYTES + PAGE_BYTES;
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED)
        fail("mmap");
    if (mprotect(memory, PAGE_BYTES, PROT_NONE) < 0)
        fail("mprotect");
    stack_t second = {.ss_sp = memory + PAGE_BYTES, .ss_size = SECOND_STACK_BYTES}, before;
    if (sigaltstack(NULL, &before) < 0 || sigaltstack(&second, NULL) < 0)
        fail("sigaltstack");

    second.ss_flags = SS_DISABLE;
    if (sigaltstack(&second, NULL) < 0)
        fail("sigaltstack");
    if (munmap(memory, bytes) < 0)
        fail("munmap");
    return argument;
}

static void create_and_join(void)
{
    pthread_t thread;
    check(pthread_create(&thread, &attributes, body, NULL), "pthread_create");
    check(pthread_join(thread, NULL), "pthread_join");
}

int main(int argc, char **argv)
{
    struct wish wish = wish_read(argc, argv, WORDS);
    if (wish.word != NULL && strcmp(wish.word, "told") != 0)
        wish_refuse(wish.program, WORDS);
    body = wish.word != NULL ? be_told : end_at_once;
    check(pthread_attr_init(&attributes), "pthread_attr_init");
    check(pthread_attr_setstacksize(&attributes, STACK_BYTES), "pthread_attr_setstacksize");
    samples_print(samples_median_ns(wish.ms, create_and_join));
}
