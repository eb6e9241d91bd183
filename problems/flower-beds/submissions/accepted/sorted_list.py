"""Keeps those passed in a sorted list, lowest last: an insertion moves memory, which is quick enough."""
import bisect
import sys


def main():
    passed, pairs = [], 0
    for height in map(int, sys.stdin.read().split()[1:]):
        # As numbers below zero, for `bisect` knows growing order only.
        at = bisect.bisect_left(passed, -height)
        pairs += at
        passed.insert(at, -height)
    print(pairs)


main()
