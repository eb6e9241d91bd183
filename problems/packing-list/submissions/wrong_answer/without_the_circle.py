"""Leaves out what waits in a circle."""
import sys

n, m, *numbers = map(int, sys.stdin.buffer.read().split())
after, waits = [[] for _ in range(n + 1)], [0] * (n + 1)
for a, b in zip(numbers[::2], numbers[1::2]):
    after[a].append(b)
    waits[b] += 1
order = [thing for thing in range(1, n + 1) if waits[thing] == 0]
for thing in order:
    for other in after[thing]:
        waits[other] -= 1
        if waits[other] == 0:
            order.append(other)
print(*order)
