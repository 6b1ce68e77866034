/* The floor of the probe `thread`: a thread with a stack of 2 MiB, as std gives it, that ends at once and is joined. */
#include "samples.h"

#include <errno.h>
#include <pthread.h>

enum { STACK_BYTES = 2 * 1024 * 1024 };

static pthread_attr_t attributes;

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

static void create_and_join(void)
{
    pthread_t thread;
    check(pthread_create(&thread, &attributes, end_at_once, NULL), "pthread_create");
    check(pthread_join(thread, NULL), "pthread_join");
}

int main(int argc, char **argv)
{
    check(pthread_attr_init(&attributes), "pthread_attr_init");
    check(pthread_attr_setstacksize(&attributes, STACK_BYTES), "pthread_attr_setstacksize");
    samples_print(argc, argv, create_and_join);
}
