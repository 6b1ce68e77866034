"""futures-processes: a pool of processes behind the interface of futures: concurrent.futures.ProcessPoolExecutor.

What the kernel does: as for process-pool. What Python does besides: a thread of the parent's hands the jobs out and
watches each worker, so that one that dies breaks the pool, and everybody who waits is told.
Good at: the same as process-pool, and it does not hang when a worker is killed.
Bad at: a job goes through one more queue and one more thread.
Source: Python's documentation, "concurrent.futures"; PEP 3148.
"""

from concurrent.futures import ProcessPoolExecutor

from children import end_with_parent, processes
from running import main
from work import outcome


def run(job, jobs, workers):
    with ProcessPoolExecutor(workers, mp_context=processes, initializer=end_with_parent) as pool:
        return list(pool.map(outcome, [job] * jobs))


if __name__ == "__main__":
    main(__doc__, run)
