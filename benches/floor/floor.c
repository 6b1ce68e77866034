/* What the three floors share: see floor.h. */
#define _GNU_SOURCE
#include "floor.h"

#include "fail.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define END_OF_HEAD "\r\n\r\n"
#define WISH_TO_CLOSE "onnection: close" /* without its first letter, which comes in either case */

static void on_terminate(int signal)
{
    (void)signal;
    _exit(EXIT_SUCCESS); /* requests under way are dropped: there is nothing to save */
}

static in_port_t port_from(int argc, char **argv)
{
    char *end = NULL;
    long port = argc == 2 ? strtol(argv[1], &end, 10) : -1;
    if (end == NULL || end == argv[1] || *end != '\0' || port < 0 || port > 65535) {
        fprintf(stderr, "usage: %s PORT (0 takes a free one)\n", argv[0]);
        exit(2);
    }
    return htons((in_port_t)port);
}

int floor_listen(int argc, char **argv, int flags)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = port_from(argc, argv), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    struct sockaddr *any = (struct sockaddr *)&address;
    int on = 1;

    struct sigaction terminate = {.sa_handler = on_terminate};
    if (sigaction(SIGTERM, &terminate, NULL) < 0)
        fail("sigaction");
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (listener < 0)
        fail("socket");
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
        fail("setsockopt SO_REUSEADDR");
    /* Accepted sockets inherit this one, which saves a call on each of them. */
    if (setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0)
        fail("setsockopt TCP_NODELAY");
    if (bind(listener, any, length) < 0)
        fail("bind");
    if (listen(listener, SOMAXCONN) < 0)
        fail("listen");
    if (getsockname(listener, any, &length) < 0)
        fail("getsockname");
    if (printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port)) < 0 || fflush(stdout) != 0)
        fail("stdout");
    return listener;
}

int floor_accept(int listener, int flags)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | flags);
    if (fd >= 0)
        return fd;
    switch (errno) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: /* The caller comes back at once, so without a pause this would burn a core. */
        usleep(10 * 1000);
        return -1;
    case EBADF:
    case EFAULT:
    case EINVAL:
    case ENOTSOCK:
        fail("accept4");
    default: /* Interrupted, nothing there, or this one connection's own trouble: see accept(2). */
        return -1;
    }
}

void talk_open(struct talk *talk)
{
    talk->arrived = talk->filled = talk->sent = 0;
    talk->closing = false;
}

bool talk_receive(struct talk *talk, int fd)
{
    size_t room = sizeof talk->input - talk->arrived;
    if (room == 0)
        return false;
    ssize_t got = recv(fd, talk->input + talk->arrived, room, 0);
    if (got < 0)
        return errno == EINTR || errno == EAGAIN;
    talk->arrived += (size_t)got;
    return got > 0;
}

bool talk_send(struct talk *talk, int fd)
{
    ssize_t put = send(fd, talk->output + talk->sent, talk->filled - talk->sent, MSG_NOSIGNAL);
    if (put < 0)
        return errno == EINTR || errno == EAGAIN;
    talk->sent += (size_t)put;
    return true;
}

bool talk_sent(const struct talk *talk)
{
    return talk->sent == talk->filled;
}

/* The reply, and how long it is. Its date is written anew once a second; each thread has its own copy. */
static const char *reply(bool closing, size_t *length)
{
    static _Thread_local time_t second;
    static _Thread_local char text[2][256];
    static _Thread_local size_t lengths[2];

    time_t now = time(NULL);
    if (now != second) {
        struct tm utc;
        char date[64];
        if (gmtime_r(&now, &utc) == NULL)
            fail("gmtime_r");
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
        for (int close = 0; close < 2; close++)
            lengths[close] = (size_t)snprintf(text[close], sizeof text[close],
                                              "HTTP/1.1 200 OK\r\nDate: %s\r\n"
                                              "Content-Type: text/plain; charset=utf-8\r\n"
                                              "Content-Length: 12\r\n%s\r\nHello World\n",
                                              date, close ? "Connection: close\r\n" : "");
        second = now;
    }
    *length = lengths[closing];
    return text[closing];
}

bool talk_answer(struct talk *talk)
{
    if (!talk_sent(talk))
        return true;
    talk->filled = talk->sent = 0;

    size_t used = 0;
    while (!talk->closing) {
        const char *head = talk->input + used;
        const char *end = memmem(head, talk->arrived - used, END_OF_HEAD, strlen(END_OF_HEAD));
        if (end == NULL)
            break;
        bool closing = memmem(head, (size_t)(end - head), WISH_TO_CLOSE, strlen(WISH_TO_CLOSE)) != NULL;
        size_t length;
        const char *text = reply(closing, &length);
        if (length > sizeof talk->output - talk->filled)
            break; /* the rest has its turn once this is sent */
        memcpy(talk->output + talk->filled, text, length);
        talk->filled += length;
        talk->closing = closing;
        used = (size_t)(end - talk->input) + strlen(END_OF_HEAD);
    }
    memmove(talk->input, talk->input + used, talk->arrived - used);
    talk->arrived -= used;
    return talk->filled > 0;
}

void talk_serve(int fd)
{
    struct talk talk;
    talk_open(&talk);
    bool there = true;
    while (there && !talk.closing && talk_receive(&talk, fd))
        while (there && talk_answer(&talk))
            there = talk_send(&talk, fd);
    close(fd);
}
