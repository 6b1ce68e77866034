"""select: one thread asks which of its descriptors are ready, of all of them at each call.

What the kernel does: it takes in three lists (as bits), looks at every descriptor up to the highest, puts the process to
sleep if none is ready, and gives the lists back with the ready ones. Nothing is remembered from call to call.
Good at: being there, on every system.
Bad at: many clients, since all lists are copied and scanned at each call; and no descriptor may be above 1023.
Source: select(2); W. R. Stevens, UNIX Network Programming, volume 1, chapter 6; Python's documentation of `select.select`.
"""

import select

from ready_loop import Loop
from serving import Server

TOO_HIGH = 1024  # FD_SETSIZE


class Select:
    def __init__(self):
        self.reading, self.writing = set(), set()

    def watch(self, fd, writing):
        if fd >= TOO_HIGH:
            raise ValueError(f"select can't watch descriptor {fd}: it has room for those below {TOO_HIGH}")
        self.forget(fd)
        (self.writing if writing else self.reading).add(fd)

    def forget(self, fd):
        self.reading.discard(fd)
        self.writing.discard(fd)

    def wait(self, seconds):
        readable, writable, _ = select.select(self.reading, self.writing, [], seconds)
        return readable + writable


if __name__ == "__main__":
    Loop(Server(__doc__), Select()).run()
