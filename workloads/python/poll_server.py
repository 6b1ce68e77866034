"""poll: one thread asks which of its descriptors are ready, with a list of any length.

What the kernel does: it takes in a list of (descriptor, events), looks at each of them, puts the process to sleep if none
is ready, and marks the ready ones. Python keeps the list, the kernel keeps nothing.
Good at: more than 1,024 descriptors.
Bad at: very many clients of which few are ready: the whole list is copied and scanned at each call.
Source: poll(2); W. R. Stevens, UNIX Network Programming, volume 1, chapter 6; Python's documentation, "Polling objects" in
select.
"""

import select

from ready_loop import Loop
from serving import Server


class Poll:
    def __init__(self):
        self.list = select.poll()

    def watch(self, fd, writing):
        self.list.register(fd, select.POLLOUT if writing else select.POLLIN)  # again, to change what is waited for

    def forget(self, fd):
        try:
            self.list.unregister(fd)
        except KeyError:
            pass  # it is not watched while its session waits

    def wait(self, seconds):
        # Rounded up to whole milliseconds, or the last one would be spent in a spin.
        return [fd for fd, _ in self.list.poll(seconds * 1000 + 1)]


if __name__ == "__main__":
    Loop(Server(__doc__), Poll()).run()
