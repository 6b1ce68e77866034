"""process: the same as fork, through a higher-level object: multiprocessing.Process.

What the kernel does: what it does for fork. What Python does besides: it flushes its files before the fork, keeps a list
of children and a pipe to each of them (a sentinel that becomes readable when the child has gone), and runs the
child's exit handlers. `daemon` children are ended with their parent.
Good at: the same as fork, and nobody has to know `waitpid`.
Bad at: the same as fork, and all of that costs more. The list of children is walked at each turn.
Source: Python's documentation, "multiprocessing: process-based parallelism"; PEP 371, which brought it in.
"""

import multiprocessing
import signal
import time

from serving import GRACE, Server, complain


def child(server, client):
    server.become_child()
    with client:
        server.serve_only(client)


def end(children):
    """Has the children finish what is under way, and kills those who take too long."""
    for process in children:
        process.terminate()
    until = time.monotonic() + GRACE + 1
    for process in children:
        process.join(max(0, until - time.monotonic()))
        process.kill()
        process.join()


def main():
    server = Server(__doc__)
    fork = multiprocessing.get_context("fork")
    signal.signal(signal.SIGCHLD, lambda *_: None)  # it has to be caught to wake whoever waits for clients
    # To ask for the children that are active has a side effect: those that have ended are waited for.
    for client in server.clients(each_turn=multiprocessing.active_children):
        with client:
            try:
                fork.Process(target=child, args=(server, client), daemon=True).start()
            except OSError as error:
                complain(f"can't start a process: {error}")
    end(multiprocessing.active_children())


if __name__ == "__main__":
    main()
