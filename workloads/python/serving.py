"""What these servers share: the command line, the listener, one client with blocking calls, and how it all ends.

SIGTERM or SIGINT ask a server to stop. It lets in who had connected by then, closes its listener, and finishes what is
under way: each client's socket is shut for reading, which wakes whoever is blocked in a read. That gives what has arrived
and then the end of input, while replies still go out, and the rest of a request that has begun may still come. What is
busy after the grace is cut off.
"""

import argparse
import ctypes
import errno
import fcntl
import os
import select
import signal
import socket
import struct
import sys
import termios
import time
import traceback

from session import LINGER, READ, REST, SESSIONS, Wait

# How long, in seconds, what is under way may take once the server is asked to stop.
GRACE = 5
# How often a server that is to stop looks for what its clients still send or take, in seconds.
TICK = 0.005
# How long a client may be silent, or take nothing of what is sent.
SILENT_AT_MOST = 30
# How long a client is heard out after the last word (see `session.http`).
LINGER_AT_MOST = 2
# How much is read at once.
PIECE = 64 * 1024
BACKLOG = 1024
# What accept says when this process, or the machine, has no room for another descriptor.
NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
PAUSE = 0.1
# States of a TCP connection, as the kernel numbers them.
ESTABLISHED, CLOSED = 1, 7


class Server:
    """A listener, the sessions for its clients, and whether it has been asked to stop."""

    def __init__(self, doc):
        arguments = parse(doc)
        self.pid = os.getpid()
        self.new_session = SESSIONS[arguments.workload]
        self.asked_to_stop = False
        self.only_client = None
        # Each signal leaves a byte here, so that whoever waits for descriptors wakes up (the self-pipe trick).
        self.heard, self.rings = socket.socketpair()
        for end in (self.heard, self.rings):
            end.setblocking(False)
        signal.set_wakeup_fd(self.rings.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop())
        self.listener = listen(arguments.host, arguments.port)
        print("listening on {}:{}".format(*self.listener.getsockname()), flush=True)

    def stop(self):
        """Runs as a signal handler, between two steps of whatever the program does."""
        self.asked_to_stop = True
        if self.only_client:
            shut(self.only_client, socket.SHUT_RD)
            signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
            signal.alarm(GRACE)

    def accept(self):
        """The next client; none if nobody waits. Raises OSError with a number of `NO_ROOM`."""
        while True:
            try:
                client, _ = self.listener.accept()
                break
            except BlockingIOError:
                return None
            except ConnectionError:
                pass  # this one has gone again; the next one, please
        client.settimeout(SILENT_AT_MOST)
        return client

    def clients(self, each_turn=lambda: None):
        """Waits for client after client until the server is asked to stop, then gives those who had connected by then.

        `each_turn` is called before each wait, and so after each signal.
        """
        waiting = select.poll()
        for watched in (self.listener, self.heard):
            waiting.register(watched, select.POLLIN)
        while not self.asked_to_stop:
            each_turn()
            waiting.poll()
            self.hush()
            client = self.accept_or_pause()
            if client:
                yield client
        until = time.monotonic() + GRACE / 4
        while time.monotonic() < until and (client := self.accept_or_pause()):
            yield client
        self.listener.close()

    def accept_or_pause(self):
        """As `accept`, but sits it out when there is no room: the listener stays ready, and a loop would spin."""
        try:
            return self.accept()
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            complain(f"can't accept: {error}")
            time.sleep(PAUSE)
            return None

    def hush(self):
        """Takes away the bytes that signals left."""
        try:
            self.heard.recv(PIECE)
        except BlockingIOError:
            pass

    def serve(self, client):
        """Serves a client to its end with blocking calls. Whatever is wrong with one client is no other's trouble."""
        try:
            self.drive(self.new_session(), client)
            if self.asked_to_stop:
                see_off(client, time.monotonic() + GRACE)
        except OSError:
            pass  # it reset the connection, broke the pipe or was silent for too long
        except Exception:
            traceback.print_exc()

    def drive(self, session, client):
        """Does what a session says until it has no more to say."""
        try:
            step = next(session)
            while True:
                step = session.send(self.do(client, step))
        except StopIteration:
            pass

    def do(self, client, step):
        """Does what a session says, and gives what it asked for."""
        if step is READ:
            return client.recv(PIECE)
        if step is REST:
            return self.receive_rest(client)
        if step is LINGER:
            hear_out(client)
        elif isinstance(step, Wait):
            time.sleep(step.seconds)
        else:
            client.sendall(step)
        return None

    def receive_rest(self, client):
        """More of a request that has begun.

        Once the server is asked to stop, the end of input is its own doing, and what the client still sends can be read
        all the same: it is waited for until the client has ended, or the grace.
        """
        has_ended = False
        while not (data := client.recv(PIECE)) and self.asked_to_stop and not has_ended:
            time.sleep(TICK)
            has_ended = state(client) != ESTABLISHED  # looked at before the last read, or that might miss something
        return data

    def serve_only(self, client):
        """The same in a process that has no other client, where a signal reaches this one."""
        self.only_client = client
        if self.asked_to_stop:
            self.stop()  # the signal came before there was anybody to reach
        self.serve(client)
        self.only_client = None

    def become_child(self):
        """For a child process: the listener is the parent's, and without the parent there is no point in going on."""
        self.listener.close()
        end_with(self.pid)


def hear_out(client):
    """Reads what nobody wants any more, for a bounded while."""
    client.shutdown(socket.SHUT_WR)
    until = time.monotonic() + LINGER_AT_MOST
    while (left := until - time.monotonic()) > 0:
        client.settimeout(left)
        if not client.recv(PIECE):
            return


def see_off(client, until):
    """Waits until the client's side has all that was sent, before its socket is closed.

    A request that comes to a closed socket is answered by a reset, and what is then still in our send buffer is lost. So
    it is with one that has come and was not read; nobody will, so it is dropped.
    """
    while unsent(client) and time.monotonic() < until:
        time.sleep(TICK)
    client.setblocking(False)
    try:
        client.recv(PIECE)
    except OSError:
        pass  # there is none; or the client is gone


def unsent(client):
    """How many bytes the client's side has not confirmed (`SIOCOUTQ`, tcp(7)); none of a connection that was reset."""
    if state(client) == CLOSED:
        return 0
    return struct.unpack("i", fcntl.ioctl(client, termios.TIOCOUTQ, bytes(4)))[0]


def state(client):
    """The state of a client's connection (the first byte of `TCP_INFO`, tcp(7))."""
    return client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


def shut(client, how):
    """Shuts a socket down whose client may have gone."""
    try:
        client.shutdown(how)
    except OSError:
        pass


def listen(host, port):
    """A listener that does not block: who has connected may be gone when we look."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, True)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)  # its clients inherit it
    try:
        listener.bind((host, port))
    except OSError as error:
        sys.exit(f"can't listen on {host}:{port}: {error}")
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def end_with(parent):
    """Has the kernel end this process when its parent ends, however that happens (`PR_SET_PDEATHSIG`, prctl(2))."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)  # it had ended before we asked


def complain(sentence):
    """One line on standard error."""
    print(sentence, file=sys.stderr, flush=True)


def parse(doc):
    """The command line."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workload", choices=sorted(SESSIONS), default="http", help="what to serve [http]")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen [127.0.0.1]")
    parser.add_argument("--port", type=int, default=8888, help="0 takes a free one [8888]")
    return parser.parse_args()
