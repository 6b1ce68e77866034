"""epoll: one thread registers each descriptor once, and gets back only those that are ready.

What the kernel does: it keeps the set. A socket on which something happens puts itself on a list of ready ones, and
`epoll_wait` hands that list out; it is level-triggered here, so what is not dealt with is reported again.
Good at: very many clients; a call costs what the ready ones cost.
Bad at: nothing here, but it is Linux only; and as in every loop a computation stalls everybody.
Source: epoll(7); D. Kegel, "The C10K problem"; Python's documentation, "Edge and level trigger polling (epoll) objects" in
select.
"""

import select

from ready_loop import Loop
from serving import Server


class Epoll:
    def __init__(self):
        self.set = select.epoll()
        self.events = {}

    def watch(self, fd, writing):
        events = select.EPOLLOUT if writing else select.EPOLLIN
        if fd not in self.events:
            self.set.register(fd, events)  # twice would be an error
        elif self.events[fd] != events:
            self.set.modify(fd, events)
        self.events[fd] = events

    def forget(self, fd):
        if self.events.pop(fd, None) is not None:
            self.set.unregister(fd)

    def wait(self, seconds):
        return [fd for fd, _ in self.set.poll(seconds)]


if __name__ == "__main__":
    Loop(Server(__doc__), Epoll()).run()
