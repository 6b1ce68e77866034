"""One loop that serves many clients, for the servers that differ in how they learn who is ready.

Such a server hands in a set with three methods: `watch(fd, writing)` from now on for reading or for writing,
`forget(fd)`, and `wait(seconds)`, which gives the descriptors that are ready. None of its sockets ever blocks. A client
gets one read and a few sends a turn, then the others get theirs; but what a session computes stalls all of them, since
IO multiplexing can only watch IO.
"""

import heapq
import socket
import time
import traceback

from serving import BACKLOG, GRACE, LINGER_AT_MOST, NO_ROOM, PAUSE, PIECE, SILENT_AT_MOST, complain, see_off, unsent
from session import LINGER, READ, REST, Wait

SENDS_A_TURN = 16
# Who is overdue is looked for this often, in seconds.
LOOK_EVERY = 1


class Connection:
    """A client: its socket, its session, and what the session said it needs."""

    def __init__(self, client, session):
        self.client = client
        self.session = session
        self.unsent = memoryview(b"")
        self.begin(next(session))

    def begin(self, step):
        self.step = step
        self.until = time.monotonic() + SILENT_AT_MOST
        if isinstance(step, bytes):
            self.unsent = memoryview(step)
        elif isinstance(step, Wait):
            self.until += step.seconds
        elif step is LINGER:
            self.client.shutdown(socket.SHUT_WR)
            self.until = time.monotonic() + LINGER_AT_MOST

    def turn(self):
        """Does what can be done now. Raises StopIteration when the session is over."""
        answer = None
        if self.step in (READ, REST):
            answer = self.client.recv(PIECE)
        elif self.step is LINGER:
            if self.client.recv(PIECE):
                return
        elif not self.send():
            return
        for _ in range(SENDS_A_TURN):
            self.begin(self.session.send(answer))
            answer = None
            if not isinstance(self.step, bytes) or not self.send():
                return

    def send(self):
        """Sends once, at once. Gives whether nothing is left; if something is, nothing is read."""
        if self.unsent:
            sent = self.client.send(self.unsent)
            self.unsent = self.unsent[sent:]
            self.until = time.monotonic() + SILENT_AT_MOST
        return not self.unsent

    def is_silent(self):
        """Whether the client is between two requests, and nothing of the next one has come."""
        if self.step is not READ:
            return False
        try:
            self.client.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            pass  # a reset, say, of which its next turn hears
        return False


class Loop:
    """All clients of a server."""

    def __init__(self, server, ready):
        self.server, self.ready = server, ready
        self.connections = {}
        self.leaving = []  # who has been told all, but has not taken all of it when the server is to stop
        self.waits = []  # a heap of (when, descriptor, connection)
        self.listens_again = self.looks_again = 0.0
        self.listening = False
        self.ends_at = None

    def run(self):
        self.ready.watch(self.server.heard.fileno(), writing=False)
        self.listen()
        while self.ends_at is None or (self.connections and time.monotonic() < self.ends_at):
            for fd in self.ready.wait(self.patience()):
                if fd == self.server.listener.fileno():
                    self.accept()
                elif fd == self.server.heard.fileno():
                    self.server.hush()
                elif fd in self.connections:
                    self.turn(fd)
            self.look_after(time.monotonic())
            if self.server.asked_to_stop and self.ends_at is None:
                self.stop()
        for client in self.leaving:
            see_off(client, self.ends_at)

    def patience(self):
        """How long to wait for descriptors: until something is due by the clock."""
        due = self.looks_again if self.listening or self.ends_at else min(self.looks_again, self.listens_again)
        if self.waits:
            due = min(due, self.waits[0][0])
        return max(0.0, due - time.monotonic())

    def look_after(self, now):
        """Does what is due by the clock."""
        while self.waits and self.waits[0][0] <= now:
            _, fd, connection = heapq.heappop(self.waits)
            if self.connections.get(fd) is connection:
                self.turn(fd)
        if not self.listening and now >= self.listens_again and self.ends_at is None:
            self.listen()
        if now >= self.looks_again:
            self.looks_again = now + LOOK_EVERY
            for fd in [fd for fd, connection in self.connections.items() if connection.until < now]:
                self.end(fd)

    def listen(self):
        self.ready.watch(self.server.listener.fileno(), writing=False)
        self.listening = True

    def accept(self):
        """Lets in all who wait. When there is no room the listener rests: it would be ready again and again."""
        try:
            for _ in range(BACKLOG):  # those who wait may be followed by others for ever
                client = self.server.accept()
                if client is None:
                    return
                self.enter(client)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            complain(f"can't accept: {error}")
            self.ready.forget(self.server.listener.fileno())
            self.listening = False
            self.listens_again = time.monotonic() + PAUSE

    def enter(self, client):
        client.setblocking(False)
        try:
            self.ready.watch(client.fileno(), writing=False)
        except ValueError as error:
            complain(error)
            client.close()
            return
        self.connections[client.fileno()] = Connection(client, self.server.new_session())

    def turn(self, fd):
        """A client's turn. Whatever is wrong with one client is no other's trouble."""
        connection = self.connections[fd]
        try:
            connection.turn()
        except BlockingIOError:
            pass  # not ready after all
        except (StopIteration, OSError):
            return self.end(fd)
        except Exception:
            traceback.print_exc()
            return self.end(fd)
        if isinstance(connection.step, Wait):
            self.ready.forget(fd)
            heapq.heappush(self.waits, (time.monotonic() + connection.step.seconds, fd, connection))
        elif self.ends_at is not None and connection.is_silent():
            self.end(fd)
        else:
            self.ready.watch(fd, writing=isinstance(connection.step, bytes))

    def end(self, fd):
        self.ready.forget(fd)
        client = self.connections.pop(fd).client
        if self.ends_at is not None and unsent(client):
            self.leaving.append(client)
        else:
            client.close()

    def stop(self):
        """Lets in who has connected, closes the listener, and lets all go who have nothing under way."""
        self.ends_at = time.monotonic() + GRACE
        self.accept()
        if self.listening:
            self.ready.forget(self.server.listener.fileno())
        self.server.listener.close()
        for fd in [fd for fd, connection in self.connections.items() if connection.is_silent()]:
            self.end(fd)
