/*
 * The floor of the event loops: one thread, one level-triggered epoll set.
 *
 * A connection is watched for input until a send does not take all of the output; then it is watched for room to
 * send, and not read from, until all is sent. Each event costs one recv and one send.
 */
#include "fail.h"
#include "floor.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256 };

struct client {
    int fd;
    uint32_t interest; /* EPOLLIN or EPOLLOUT */
    struct talk talk;
};

static bool watch(int epoll, int operation, struct client *client, uint32_t interest)
{
    struct epoll_event event = {.events = interest, .data.ptr = client};
    client->interest = interest;
    return epoll_ctl(epoll, operation, client->fd, &event) == 0;
}

static void admit(int epoll, int listener)
{
    int fd = floor_accept(listener, SOCK_NONBLOCK);
    if (fd < 0)
        return;
    struct client *client = malloc(sizeof *client);
    if (client != NULL) {
        client->fd = fd;
        talk_open(&client->talk);
        if (watch(epoll, EPOLL_CTL_ADD, client, EPOLLIN))
            return;
    }
    free(client); /* no memory for one more, here or in the kernel: it is turned away */
    close(fd);
}

/* Goes on with a connection until it must wait. False when it is over. */
static bool advance(int epoll, struct client *client)
{
    struct talk *talk = &client->talk;
    if (client->interest == EPOLLIN && !talk_receive(talk, client->fd))
        return false;
    while (talk_answer(talk)) {
        if (!talk_send(talk, client->fd))
            return false;
        if (!talk_sent(talk))
            return client->interest == EPOLLOUT || watch(epoll, EPOLL_CTL_MOD, client, EPOLLOUT);
    }
    if (talk->closing)
        return false;
    return client->interest == EPOLLIN || watch(epoll, EPOLL_CTL_MOD, client, EPOLLIN);
}

int main(int argc, char **argv)
{
    int listener = floor_listen(argc, argv, SOCK_NONBLOCK);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        fail("epoll_create1");
    struct epoll_event on_listener = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &on_listener) < 0)
        fail("epoll_ctl");

    struct epoll_event events[EVENTS];
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        if (count < 0 && errno != EINTR)
            fail("epoll_wait");
        for (int i = 0; i < count; i++) {
            struct client *client = events[i].data.ptr;
            if (client == NULL) {
                admit(epoll, listener);
            } else if (!advance(epoll, client)) {
                close(client->fd); /* which also takes it out of the set */
                free(client);
            }
        }
    }
}
