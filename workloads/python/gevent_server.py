"""gevent: a coroutine for each connection, switched by the program itself.

What the kernel does: it sees one thread that waits in epoll. gevent's "monkey patch" has replaced the blocking calls of
the standard library: where one would wait, the greenlet (a coroutine with a stack of its own) switches to the loop,
which goes on with another one whose socket is ready. So the code looks like that of threads.
Good at: very many clients who mostly wait; a switch costs far less than one of threads, and nothing needs a lock.
Bad at: using a second processor; a computation stalls everybody, as in every loop. gevent has to be installed.
"""

from gevent import monkey

monkey.patch_all()  # before anybody imports what it replaces

import socket

import gevent

from serving import GRACE, Server, shut


def serve(server, client, present):
    present.add(client)
    server.serve(client)
    present.discard(client)
    client.close()


def main():
    server = Server(__doc__)
    present, greenlets = set(), set()
    for client in server.clients():
        greenlet = gevent.spawn(serve, server, client, present)
        greenlets.add(greenlet)
        greenlet.link(greenlets.discard)
    gevent.sleep(0)  # those who came last have not begun
    for client in present:
        shut(client, socket.SHUT_RD)
    gevent.joinall(list(greenlets), timeout=GRACE)


if __name__ == "__main__":
    main()
