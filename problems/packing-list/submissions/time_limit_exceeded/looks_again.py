"""Looks through all pairs for each thing that is packed."""
import sys


def main():
    n, m, *numbers = map(int, sys.stdin.buffer.read().split())
    pairs = list(zip(numbers[::2], numbers[1::2]))
    left, order = set(range(1, n + 1)), []
    while left:
        blocked = {b for a, b in pairs if a in left}
        ready = sorted(left - blocked)
        if not ready:
            print("impossible")
            return
        order.append(ready[0])
        left.remove(ready[0])
    print(*order)


main()
