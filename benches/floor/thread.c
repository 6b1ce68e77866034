/*
 * The floor of the threaded models: one thread per connection, with blocking calls.
 *
 * Threads are detached, since nobody waits for one, and have small stacks: a connection needs 16 KiB, and the C
 * library keeps more of the small ones for the next thread than of the usual 8 MiB.
 */
#include "fail.h"
#include "floor.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <unistd.h>

enum { STACK_BYTES = 64 * 1024 };

static void *serve(void *argument)
{
    talk_serve((int)(intptr_t)argument);
    return NULL;
}

static void check(int error, const char *call)
{
    if (error != 0) {
        errno = error;
        fail(call);
    }
}

int main(int argc, char **argv)
{
    int listener = floor_listen(argc, argv, 0);
    pthread_attr_t attributes;
    check(pthread_attr_init(&attributes), "pthread_attr_init");
    check(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED), "pthread_attr_setdetachstate");
    check(pthread_attr_setstacksize(&attributes, STACK_BYTES), "pthread_attr_setstacksize");

    for (;;) {
        int fd = floor_accept(listener, 0);
        pthread_t thread;
        if (fd >= 0 && pthread_create(&thread, &attributes, serve, (void *)(intptr_t)fd) != 0)
            close(fd); /* no thread for one more: it is turned away */
    }
}
