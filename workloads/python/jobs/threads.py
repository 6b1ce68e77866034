"""threads: a thread for each job.

What the kernel does: it schedules threads as it does processes, on all processors. But CPython and PyPy have a global
interpreter lock: one thread at a time runs Python code. Who runs gives the lock away every 5 ms if others want it, and
whenever it waits. A CPython built without the lock (3.13t and newer) and Jython let all threads run.
Good at: jobs that mostly wait. All threads share one memory.
Bad at: under the lock, work for the processor: it takes as long as in line, and a little longer for the fight over the lock.
Source: Python's documentation, "threading"; PEP 703 on CPython without the lock.
"""

import threading

from running import main
from work import outcome


def run(job, jobs, _workers):
    outcomes = [(None, "its thread did not run")] * jobs

    def keep(place):
        outcomes[place] = outcome(job)

    threads = []
    for place in range(jobs):
        thread = threading.Thread(target=keep, args=(place,))
        try:
            thread.start()
            threads.append(thread)
        except RuntimeError as error:
            outcomes[place] = (None, "no thread for it: %s" % error)
    for thread in threads:
        thread.join()
    return outcomes


if __name__ == "__main__":
    main(__doc__, run)
