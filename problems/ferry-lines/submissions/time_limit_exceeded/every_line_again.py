"""Goes through the whole list of lines until nothing gets better."""
import sys


def main():
    n, m, *numbers = map(int, sys.stdin.buffer.read().split())
    lines = list(zip(*[iter(numbers)] * 3))
    times, better = {1: 0}, True
    while better:
        better = False
        for a, b, t in lines:
            if a in times and times[a] + t < times.get(b, 10**18):
                times[b] = times[a] + t
                better = True
    print(max(times.values()), n - len(times))


main()
