"""gevent: a coroutine for each connection, switched by the program itself.

What the kernel does: it sees one thread that waits in epoll. gevent's "monkey patch" has replaced the blocking calls of
the standard library: where one would wait, the greenlet (a coroutine with a stack of its own) switches to the loop,
which goes on with another one whose socket is ready. So the code looks like that of threads.
Good at: very many clients who mostly wait; a switch costs far less than one of threads, and nothing needs a lock.
Bad at: using a second processor; a computation stalls everybody, as in every loop. gevent has to be installed.
Source: gevent's documentation, "Introduction" and "Monkey patching"; greenlet's, which it stands on.
"""

from gevent import monkey

monkey.patch_all()  # before anybody imports what it replaces

import socket

import gevent

from serving import GRACE, Server, shut

PlainSocket = monkey.get_original("socket", "socket")


def serve(server, client, present):
    present.add(client)
    server.serve(client)
    present.discard(client)
    client.close()


def end_input(client):
    """Has a read give what has come and then the end: gevent's own `shutdown` has it end with an error, at once."""
    plain = PlainSocket(fileno=client.fileno())
    shut(plain, socket.SHUT_RD)
    plain.detach()  # the descriptor is the client's


def main():
    server = Server(__doc__)
    present, greenlets = set(), set()
    for client in server.clients():
        greenlet = gevent.spawn(serve, server, client, present)
        greenlets.add(greenlet)
        greenlet.link(greenlets.discard)
    gevent.sleep(0)  # those who came last have not begun
    for client in present:
        end_input(client)
    gevent.joinall(list(greenlets), timeout=GRACE)


if __name__ == "__main__":
    main()
