/*
 * What the three floors share: listening, finding the ends of requests, and the one reply they all give.
 *
 * A floor is the least a server of its kind can do and still answer correctly. It does not parse: a request is
 * whatever ends in an empty line, so requests with a body are not understood. It keeps no time limits, and so
 * it belongs on the loopback only.
 */
#ifndef FLOOR_H
#define FLOOR_H

#include <stdbool.h>
#include <stddef.h>

/* One connection: what has arrived, and what is to be sent. Memory is bounded: nothing more is read before the
 * output is sent, and a request whose head does not fit the input ends the connection. */
struct talk {
    char input[8192];
    size_t arrived; /* bytes in input */
    char output[4096];
    size_t filled, sent; /* bytes in output, and how many of them have been sent */
    bool closing;        /* a request asked for the connection to be closed */
};

/* Reads the port from the command line, listens on it at 127.0.0.1, prints "listening on ADDRESS:PORT", and
 * makes SIGTERM end the process with 0. Ends the process when something fails. `flags` are those of socket(2). */
int floor_listen(int argc, char **argv, int flags);

/* The next connection, or -1 when there is none to be had now. `flags` are those of accept4(2). */
int floor_accept(int listener, int flags);

/* Makes an empty conversation. */
void talk_open(struct talk *talk);

/* Receives once. False when the peer is gone or says too much at once; nothing there yet is true. */
bool talk_receive(struct talk *talk, int fd);

/* Answers the requests in the input, as many as fit the output. True when there is something to send. */
bool talk_answer(struct talk *talk);

/* Sends output once. False when the peer is gone; see talk_sent for what is left. */
bool talk_send(struct talk *talk, int fd);

/* Whether all of the output has been sent. */
bool talk_sent(const struct talk *talk);

/* Serves one connection on a blocking socket to its end, and closes it. */
void talk_serve(int fd);

#endif
