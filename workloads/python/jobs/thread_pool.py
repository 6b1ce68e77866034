"""thread-pool: a few threads take the jobs one after another: multiprocessing.pool.ThreadPool.

What the kernel does: as for threads, but it makes them once, and jobs wait in a queue until a thread is free.
Good at: many short jobs, since no thread is made for each.
Bad at: what threads are bad at; and jobs that wait hold a thread, so as many can wait at once as there are threads.
Source: Python's documentation, "multiprocessing", "multiprocessing.pool.ThreadPool".
"""

from multiprocessing.pool import ThreadPool

from running import main
from work import outcome


def run(job, jobs, workers):
    with ThreadPool(workers) as pool:
        return pool.map(outcome, [job] * jobs, chunksize=1)


if __name__ == "__main__":
    main(__doc__, run)
