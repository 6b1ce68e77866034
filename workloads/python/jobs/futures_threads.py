"""futures-threads: a pool of threads behind the interface of futures: concurrent.futures.ThreadPoolExecutor.

What the kernel does: as for thread-pool. What Python does besides: each job has a future, a place where its value will be,
with a lock and a condition to wait on.
Good at: jobs of different kinds whose values are wanted in any order; an exception comes out where the value is asked for.
Bad at: what threads are bad at, and a future costs more than a place in a list.
Source: Python's documentation, "concurrent.futures"; PEP 3148.
"""

from concurrent.futures import ThreadPoolExecutor

from running import main
from work import outcome


def run(job, jobs, workers):
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(outcome, [job] * jobs))


if __name__ == "__main__":
    main(__doc__, run)
