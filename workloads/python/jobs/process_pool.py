"""process-pool: a few processes take the jobs one after another: multiprocessing.Pool.

What the kernel does: it forks as many processes as there are processors, once. Jobs and values go through two pipes that
all of them share, each with a lock around it.
Good at: many jobs for the processor, since no process is made for each.
Bad at: each job and each value is packed and sent. If a worker is killed, the pool waits for its value for ever.
Source: Python's documentation, "multiprocessing", "Process Pools".
"""

from children import end_with_parent, processes
from running import main
from work import outcome


def run(job, jobs, workers):
    with processes.Pool(workers, initializer=end_with_parent) as pool:
        return pool.map(outcome, [job] * jobs, chunksize=1)


if __name__ == "__main__":
    main(__doc__, run)
