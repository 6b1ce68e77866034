"""thread: a thread for each connection.

What the kernel does: it schedules threads as it does processes, on all processors. But CPython has a global interpreter
lock: one thread at a time runs Python code. A thread gives the lock away while it waits in `recv` or `send`, and takes
part in the fight for it when it comes back.
Good at: many clients who mostly wait; all share one memory, so a thread is far cheaper than a process.
Bad at: using more than one processor (a process of its own, or a Python without the lock, would); what threads share
needs locks.
Source: W. R. Stevens, UNIX Network Programming, volume 1, chapter 30, "TCP concurrent server, one thread per client";
`ThreadingTCPServer` of Python's socketserver.
"""

import os
import socket
import threading

from serving import GRACE, Server, complain, shut


class Clients:
    """Who is being served."""

    def __init__(self):
        self.present = set()
        self.changed = threading.Condition()

    def serve(self, server, client):
        server.serve(client)
        with self.changed:
            self.present.discard(client)
            self.changed.notify_all()
        client.close()

    def end(self):
        """Lets everybody finish what is under way. Gives whether they did."""
        with self.changed:
            for client in self.present:
                shut(client, socket.SHUT_RD)
            return self.changed.wait_for(lambda: not self.present, GRACE)


def main():
    server = Server(__doc__)
    clients = Clients()
    for client in server.clients():
        with clients.changed:
            clients.present.add(client)
        thread = threading.Thread(target=clients.serve, args=(server, client), daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            complain(error)
            with clients.changed:
                clients.present.discard(client)
            client.close()
    if not clients.end():
        os._exit(0)  # the threads end with their process


if __name__ == "__main__":
    main()
