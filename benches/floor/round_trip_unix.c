/* The floor of the probe `unix-stream`: a message of 64 bytes to another process and back, over a pair of Unix stream sockets. */
#include "samples.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BYTES = 64 };

static int ends[2];

/* Writes and reads whole messages; false when the other side is gone. */
static int put(int fd, const char *message)
{
    for (size_t done = 0; done < BYTES;) {
        ssize_t put = write(fd, message + done, BYTES - done);
        if (put <= 0)
            return 0;
        done += (size_t)put;
    }
    return 1;
}

static int get(int fd, char *message)
{
    for (size_t done = 0; done < BYTES;) {
        ssize_t got = read(fd, message + done, BYTES - done);
        if (got <= 0)
            return 0;
        done += (size_t)got;
    }
    return 1;
}

static _Noreturn void answer(void)
{
    char message[BYTES];
    while (get(ends[1], message) && put(ends[1], message))
        ;
    _exit(EXIT_SUCCESS);
}

static void there_and_back(void)
{
    static uint64_t number;
    static char sent[BYTES], back[BYTES];
    number++;
    memcpy(sent, &number, sizeof number);
    if (!put(ends[0], sent))
        fail("write");
    if (!get(ends[0], back))
        fail("read");
    if (memcmp(sent, back, BYTES) != 0) {
        fprintf(stderr, "a message came back wrong\n");
        exit(EXIT_FAILURE);
    }
}

int main(int argc, char **argv)
{
    samples_apart(argc, argv);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
        fail("socketpair");
    pid_t parent = getpid(), child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
            _exit(EXIT_FAILURE);
        close(ends[0]);
        samples_bind(argc, argv, 1);
        answer();
    }
    close(ends[1]);
    samples_bind(argc, argv, 0);
    samples_print(argc, argv, there_and_back);
    close(ends[0]); /* the child hears that there are no more */
    if (waitpid(child, NULL, 0) < 0)
        fail("waitpid");
}
