/* The floor of the probe `pipe-processes`: a byte to another process and back, over two pipes. */
#include "samples.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int to[2], from[2];

static _Noreturn void answer(void)
{
    unsigned char byte;
    while (read(to[0], &byte, 1) == 1) {
        byte++;
        if (write(from[1], &byte, 1) != 1)
            break;
    }
    _exit(EXIT_SUCCESS);
}

static void there_and_back(void)
{
    static unsigned char byte;
    unsigned char sent = byte;
    if (write(to[1], &byte, 1) != 1)
        fail("write");
    if (read(from[0], &byte, 1) != 1 || byte != (unsigned char)(sent + 1))
        fail("read");
}

int main(int argc, char **argv)
{
    samples_apart(argc, argv);
    if (pipe(to) < 0 || pipe(from) < 0)
        fail("pipe");
    pid_t parent = getpid(), child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
            _exit(EXIT_FAILURE);
        close(to[1]);
        close(from[0]);
        samples_bind(argc, argv, 1);
        answer();
    }
    close(to[0]);
    close(from[1]);
    samples_bind(argc, argv, 0);
    samples_print(argc, argv, there_and_back);
    close(to[1]); /* the child hears that there are no more */
    if (waitpid(child, NULL, 0) < 0)
        fail("waitpid");
}
