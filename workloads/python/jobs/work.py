"""The jobs: the lab's tasks once more, each the same work with the same value as in workloads/src/task.

A job is a function of one number: how far the primes go, how far to count, how many lines, how often to wait. `TASKS` has
that number for a full job and for a short one. All of it runs under Python 3.8 and newer, and under Jython 2.7.
"""

import os
import tempfile
import threading
import time

import sorting
from sorting import numbers_of

# After how many lines `disk` waits for the disk.
BATCH = 2000
# How long `wait` waits each time, in seconds.
EACH = 0.05
# What one turn of `mix` does: counts so far, waits so long, writes so many lines.
MIX_COUNT, MIX_WAIT, MIX_LINES = 20 * 100000, 0.003, 200

# fdatasync(2) brings a file's bytes to the disk, and fsync(2) its times as well; Jython has only that.
bring_to_disk = getattr(os, "fdatasync", os.fsync)


def primes(below):
    """Sums the primes below a bound, by trial division by every smaller number until one divides."""
    total = 0
    for number in numbers_of(2, below):
        for divisor in numbers_of(2, number):
            if number % divisor == 0:
                break
        else:
            total += number
    return total


def count(steps):
    """Counts, three additions a step."""
    counter = x = y = 0
    while counter < steps:
        counter += 1
        x += 1
        y += 1
    return counter + x + y


def fibonacci(n):
    """Finds a number of Fibonacci's by recursion that remembers nothing."""
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def disk(lines, batch=BATCH):
    """Writes a file of many short lines, brings them to the disk batch by batch, reads them back and sums their numbers."""
    with tempfile.TemporaryFile("w+") as file:
        for number in numbers_of(1, lines + 1):
            file.write("line %d\n" % number)
            if number % batch == 0 or number == lines:
                file.flush()
                bring_to_disk(file.fileno())
        file.seek(0)
        return sum_of(file)


def sum_of(file):
    """The sum of the numbers of all lines. Each line must be the one that was written there."""
    total = expected = 0
    for line in file:
        expected += 1
        if line != "line %d\n" % expected:
            raise ValueError("line %d came back as %r" % (expected, line))
        total += expected
    return total


def wait(times):
    """Waits several times, as for the replies of a slow remote; comes to the number of waits."""
    waited = 0
    while waited < times:
        time.sleep(EACH)
        waited += 1
    return waited


def mix(turns):
    """Computes, waits and writes to a disk in turn."""
    total = 0
    for _ in numbers_of(turns):
        total += count(MIX_COUNT)
        time.sleep(MIX_WAIT)
        total += disk(MIX_LINES)
    return total


class Counter(object):
    """One number that all threads of a process add to, under a lock."""

    def __init__(self):
        self.lock, self.value = threading.Lock(), 0

    def add(self):
        """Adds 1, and gives what was there before."""
        with self.lock:
            self.value += 1
            return self.value - 1

    def take(self):
        """Sets it to nothing, and gives what was there before."""
        with self.lock:
            value, self.value = self.value, 0
            return value


COUNTER = Counter()


def counter_lock(adds):
    """Adds 1 to a counter that all jobs share; comes to how many adds found more than the one before."""
    seen, right = -1, 0
    for _ in numbers_of(adds):
        found = COUNTER.add()
        right += found > seen
        seen = found
    return right


# Each with its number in a full job and in a short one.
TASKS = {
    "primes": (primes, 100000, 22000),
    "count": (count, 400000000, 20000000),
    "fibonacci": (fibonacci, 38, 32),
    "counter-lock": (counter_lock, 40000000, 2000000),
    "disk": (disk, 200000, 60000),
    "wait": (wait, 5, 1),
    "mix": (mix, 20, 3),
}
TASKS.update(sorting.TASKS)


def outcome(job):
    """What one job comes to, and what was wrong with it: one of the two is None. `job` is a task's name and a number."""
    task, number = job
    try:
        return TASKS[task][0](number), None
    except Exception as error:  # whatever is wrong with one job is no other's trouble
        return None, "%s: %s" % (type(error).__name__, error)
