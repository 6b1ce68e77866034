"""line: one job after another, in one thread.

What the kernel does: it gives the thread a processor, and takes it away while the thread waits.
Good at: nothing has to be made, nothing is shared, nothing can go wrong between two jobs.
Bad at: one processor works however many there are, and while a job waits nobody works.
It is what all other ways are compared with.
"""

from running import main
from work import outcome


def run(job, jobs, _workers):
    return [outcome(job) for _ in range(jobs)]


if __name__ == "__main__":
    main(__doc__, run)
