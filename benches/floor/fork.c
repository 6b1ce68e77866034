/*
 * The floor of the forking models: one child per connection, with blocking calls.
 *
 * Children are reaped by a SIGCHLD handler. Ignoring SIGCHLD would cost less, but then the kernel forgets the
 * children's processor time (getrusage(2)), and that time is what is to be measured here. A child asks the kernel
 * to be ended when its parent ends (PR_SET_PDEATHSIG), so that SIGTERM to the parent leaves none behind.
 */
#define _GNU_SOURCE
#include "fail.h"
#include "floor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_child(int signal)
{
    (void)signal;
    int kept = errno;
    while (waitpid(-1, NULL, WNOHANG) > 0) /* one signal may stand for several children */
        continue;
    errno = kept;
}

static _Noreturn void child(int listener, int fd, pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent) /* it may have ended already */
        _exit(EXIT_FAILURE);
    close(listener);
    talk_serve(fd);
    _exit(EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
    int listener = floor_listen(argc, argv, 0);
    pid_t parent = getpid();
    struct sigaction reap = {.sa_handler = on_child, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    if (sigaction(SIGCHLD, &reap, NULL) < 0)
        fail("sigaction");

    for (;;) {
        int fd = floor_accept(listener, 0);
        if (fd < 0)
            continue;
        if (fork() == 0)
            child(listener, fd, parent);
        close(fd); /* the child's copy stays open; without a child the client is turned away */
    }
}
