import heapq
import sys


def main():
    n, m, *numbers = map(int, sys.stdin.buffer.read().split())
    ferries = [[] for _ in range(n + 1)]
    for a, b, t in zip(*[iter(numbers)] * 3):
        ferries[a].append((b, t))
    times, queue = [None] * (n + 1), [(0, 1)]
    farthest, reached = 0, 0
    while queue:
        time, island = heapq.heappop(queue)
        if times[island] is None:
            times[island] = farthest = time
            reached += 1
            for to, takes in ferries[island]:
                if times[to] is None:
                    heapq.heappush(queue, (time + takes, to))
    print(farthest, n - reached)


main()
