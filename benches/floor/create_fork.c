/* The floor of the probe `fork`: a child that ends at once, and is waited for. */
#include "samples.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

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

int main(int argc, char **argv)
{
    samples_print(argc, argv, fork_and_wait);
}
