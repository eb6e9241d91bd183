"""Takes the way with the fewest ferries."""
import sys
from collections import deque

n, m, *numbers = map(int, sys.stdin.buffer.read().split())
ferries = [[] for _ in range(n + 1)]
for a, b, t in zip(*[iter(numbers)] * 3):
    ferries[a].append((b, t))
times, queue = {1: 0}, deque([1])
while queue:
    island = queue.popleft()
    for to, takes in ferries[island]:
        if to not in times:
            times[to] = times[island] + takes
            queue.append(to)
print(max(times.values()), n - len(times))
