"""The five ways to sort of the lab's tasks, over the same numbers in the same order (workloads/src/task/sort)."""

import sys

NUMBERS = 4000
SEED = 1962
LOW_64_BITS = 2 ** 64 - 1

# Python 2's range is a list of all numbers.
numbers_of = range if sys.version_info[0] > 2 else xrange  # noqa: F821


def shuffled():
    """The numbers from 0 on, shuffled: Fisher and Yates' way, drawn by Knuth's generator (MMIX)."""
    numbers, state = list(numbers_of(NUMBERS)), SEED
    for last in numbers_of(NUMBERS - 1, 0, -1):
        state = (state * 6364136223846793005 + 1442695040888963407) & LOW_64_BITS
        other = (state >> 33) % (last + 1)
        numbers[last], numbers[other] = numbers[other], numbers[last]
    return numbers


def checksum(numbers):
    """A sum in which each number counts by its place, so that another order comes to another one."""
    return sum(place * number for place, number in enumerate(numbers, 1))


def bubble(numbers):
    """Whoever stands before a smaller neighbour changes places with it, pass after pass."""
    end, changed = len(numbers), True
    while changed and end > 1:
        changed = False
        for right in numbers_of(1, end):
            if numbers[right - 1] > numbers[right]:
                numbers[right - 1], numbers[right] = numbers[right], numbers[right - 1]
                changed = True
        end -= 1


def selection(numbers):
    """The least of those that are left is put in front of them."""
    for at in numbers_of(len(numbers) - 1):
        least = at
        for other in numbers_of(at + 1, len(numbers)):
            if numbers[other] < numbers[least]:
                least = other
        numbers[at], numbers[least] = numbers[least], numbers[at]


def insertion(numbers):
    """Each number in turn moves down among those before it."""
    for at, number in enumerate(numbers):
        place = at
        while place > 0 and numbers[place - 1] > number:
            numbers[place] = numbers[place - 1]
            place -= 1
        numbers[place] = number


def quick(numbers):
    """What is less than a pivot goes to its left, what is greater to its right, and both sides are sorted alike."""
    ranges = [(0, len(numbers))]
    while ranges:
        begin, end = ranges.pop()
        if end - begin > 1:
            middle = partition(numbers, begin, end)
            one, other = (begin, middle), (middle, end)
            ranges += [other, one] if middle - begin < end - middle else [one, other]


def partition(numbers, begin, end):
    """Hoare's: two look for each other from both ends, and change what stands on the wrong side."""
    left, right = begin, end - 1
    pivot = numbers[(left + right) // 2]
    while True:
        while numbers[left] < pivot:
            left += 1
        while numbers[right] > pivot:
            right -= 1
        if left >= right:
            return right + 1
        numbers[left], numbers[right] = numbers[right], numbers[left]
        left += 1
        right -= 1


def task(sort):
    """Sorts the numbers so many times, each time from the shuffled order; comes to the sum of the checksums."""
    def job(times):
        order, total = shuffled(), 0
        for _ in numbers_of(times):
            numbers = list(order)
            sort(numbers)
            total += checksum(numbers)
        return total & LOW_64_BITS
    return job


# Each with how often it sorts in a full job and in a short one.
TASKS = {
    "bubble": (task(bubble), 30, 2),
    "selection": (task(selection), 40, 2),
    "insertion": (task(insertion), 150, 10),
    "quick": (task(quick), 2000, 125),
    "library-sort": (task(list.sort), 6000, 400),
}
