"""fork: a child process for each connection, by os.fork.

What the kernel does: `fork` copies the process: its memory lazily, page by page as either side writes (and CPython
writes its reference counts everywhere), its descriptors at once. When a child ends it stays a zombie until its parent
waits for it; SIGCHLD says that there is one to wait for.
Good at: using all processors; a client that stays or crashes harms nobody else.
Bad at: many short clients, each of which pays for a process.
Source: W. R. Stevens, UNIX Network Programming, volume 1, chapter 5, "Handling SIGCHLD signals", and chapter 30, "TCP
concurrent server, one child per client"; `ForkingTCPServer` of Python's socketserver.
"""

import os
import signal
import time

from serving import GRACE, Server, complain


class Children:
    """The child processes that nobody has waited for."""

    def __init__(self):
        self.pids = set()
        signal.signal(signal.SIGCHLD, lambda *_: None)  # it has to be caught to wake whoever waits for clients

    def reap(self):
        """Waits for those that have ended."""
        while self.pids:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self.pids.discard(pid)

    def end(self):
        """Has all of them finish what is under way, and kills those who take too long."""
        for number, patience in ((signal.SIGTERM, GRACE + 1), (signal.SIGKILL, GRACE)):
            for pid in self.pids:
                os.kill(pid, number)  # it is there: not waited for, it is a zombie at worst
            until = time.monotonic() + patience
            while self.pids and time.monotonic() < until:
                self.reap()
                time.sleep(0.01)


def main():
    server = Server(__doc__)
    children = Children()
    for client in server.clients(each_turn=children.reap):
        with client:
            try:
                pid = os.fork()
            except OSError as error:
                complain(f"can't fork: {error}")
                continue
            if pid == 0:
                try:
                    server.become_child()
                    server.serve_only(client)
                finally:
                    os._exit(0)  # not the parent's way out
            children.pids.add(pid)
    children.end()


if __name__ == "__main__":
    main()
