/* The floor of the probe `unix-stream`: a message of 64 bytes to another process and back, over a pair of Unix stream sockets. */
#include "fail.h"
#include "messages.h"

#include <sys/socket.h>

static void over_sockets(struct end *here, struct end *there)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
        fail("socketpair");
    *here = (struct end){.in = ends[0], .out = ends[0]};
    *there = (struct end){.in = ends[1], .out = ends[1]};
}

int main(int argc, char **argv)
{
    messages_measure(argc, argv, 64, over_sockets);
}
