"""processes: a process for each job, which sends its value home through a pipe.

What the kernel does: fork(2) makes a copy of the process, with a memory of its own. So each has its own interpreter
lock, and all processors work.
Good at: work for the processor, in every Python.
Bad at: a process is far dearer than a thread, and shares nothing: what it found out must be packed, sent and unpacked.
Source: Python's documentation, "multiprocessing: process-based parallelism".
"""

from children import end_with_parent, processes
from running import main
from work import outcome


def child(job, home):
    end_with_parent()
    home.send(outcome(job))


def start(job):
    """A child under way, and our end of its pipe."""
    ours, home = processes.Pipe(duplex=False)
    process = processes.Process(target=child, args=(job, home), daemon=True)
    try:
        process.start()
    except OSError:
        ours.close()
        raise
    finally:
        home.close()  # with the child's own end gone, its death is the end of the pipe
    return process, ours


def finish(process, ours):
    """What a child sent. One that died has sent nothing."""
    try:
        sent = ours.recv()
    except EOFError:
        sent = None
    ours.close()
    process.join()
    return sent or (None, "its process ended without a value (exit code %s)" % process.exitcode)


def run(job, jobs, _workers):
    started = []
    for _ in range(jobs):
        try:
            started.append(start(job))
        except OSError as error:
            started.append(error)
    refused = lambda error: (None, "no process for it: %s" % error)  # noqa: E731
    return [refused(it) if isinstance(it, OSError) else finish(*it) for it in started]


if __name__ == "__main__":
    main(__doc__, run)
