"""What all ways share: the command line, when the clock runs, and the answer.

A program says `ready` once it has all it needs: until there it was starting up. Then the clock runs from before the first
job is started until the last value is there, and one JSON object says what came of it. An interpreter with a compiler
behind it (PyPy, Jython) is slow before that has seen the work, so it does one job beforehand, which does not count
(`warm_up_s`).
"""

from __future__ import print_function

import argparse
import json
import platform
import sys

from work import COUNTER, TASKS, outcome

try:
    from time import perf_counter as clock
except ImportError:  # Jython 2.7, whose own clock counts milliseconds
    from java.lang import System

    def clock():
        return System.nanoTime() / 1e9


def main(doc, run):
    """Runs the jobs in one way: `run` is given a job, how many there are and how many workers a pool may have."""
    arguments = parse(doc)
    print("ready")
    sys.stdout.flush()
    _, full, short = TASKS[arguments.task]
    job = (arguments.task, full if arguments.size == "full" else short)
    warm_up_s = warm_up(job)
    COUNTER.take()
    begin = clock()
    outcomes = run(job, arguments.jobs, arguments.workers)
    seconds = clock() - begin
    answer = {
        "implementation": platform.python_implementation(),
        "version": platform.python_version(),
        "gil": has_gil(),
        "warm_up_s": warm_up_s,
        "seconds": seconds,
        "values": [value for value, _ in outcomes],
        "failures": [failure for _, failure in outcomes],
        "counter": COUNTER.take(),
    }
    print(json.dumps(answer))


def warm_up(job):
    """One job for the compiler to see; CPython has none, and no need of it."""
    if platform.python_implementation() == "CPython":
        return None
    begin = clock()
    outcome(job)
    return clock() - begin


def has_gil():
    """Whether one thread at a time runs Python code. CPython says so itself since 3.13, where its lock can be off."""
    if hasattr(sys, "_is_gil_enabled"):
        return sys._is_gil_enabled()
    return platform.python_implementation() in ("CPython", "PyPy")


def parse(doc):
    """The command line."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", choices=sorted(TASKS), default="primes", help="what a job does [primes]")
    parser.add_argument("--size", choices=["full", "short"], default="short", help="how long a job is [short]")
    parser.add_argument("--jobs", type=int, default=4, help="how many jobs [4]")
    parser.add_argument("--workers", type=int, default=2, help="how many workers a pool has [2]")
    return parser.parse_args()
