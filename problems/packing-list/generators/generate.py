"""Writes the test cases. Run from the package's folder."""
import heapq
import random
from pathlib import Path

RANDOM = random.Random(20261107)
N_MOST, M_MOST = 10_000, 20_000


def along(order, m):
    """Pairs that agree with an order."""
    places = (sorted(RANDOM.sample(range(len(order)), 2)) for _ in range(m))
    return len(order), [(order[i], order[j]) for i, j in places]


def shuffled(n):
    return RANDOM.sample(range(1, n + 1), n)


def chain(order):
    pairs = list(zip(order, order[1:]))
    RANDOM.shuffle(pairs)
    return len(order), pairs


def with_circle(n, m, length):
    """Things that wait for each other in a circle, deep in a list that is fine otherwise."""
    order = shuffled(n)
    _, pairs = along(order, m - 1)
    at = sorted(RANDOM.sample(range(n), length))
    circle = [order[i] for i in at]
    return n, pairs[: m - length] + list(zip(circle, circle[1:] + circle[:1]))


SAMPLE = {
    "1": (4, [(1, 2), (1, 3), (2, 4), (3, 4)]),
    "2": (3, [(1, 2), (2, 3), (3, 1)]),
}
SECRET = {
    "01-one": (1, []),
    "02-no-pairs": (5, []),
    "03-two": (2, [(2, 1)]),
    "04-each-before-the-other": (2, [(1, 2), (2, 1)]),
    "05-same-pair-again": (3, [(3, 1), (3, 1), (3, 1), (1, 2)]),
    "06-backwards": (6, [(k + 1, k) for k in range(1, 6)]),
    "07-circle-beside-the-rest": (6, [(1, 2), (2, 3), (4, 5), (5, 6), (6, 4)]),
    "08-circle-at-the-end": (5, [(1, 2), (2, 3), (3, 4), (4, 5), (5, 4)]),
    "09-fan": (200, [(1, k) for k in range(2, 200)] + [(k, 200) for k in range(2, 200)]),
    "10-small": along(shuffled(30), 60),
    "11-small-circle": with_circle(30, 60, 5),
    "12-chain-upwards": (N_MOST, [(k, k + 1) for k in range(1, N_MOST)]),
    "13-chain-shuffled": chain(shuffled(N_MOST)),
    "14-large": along(shuffled(N_MOST), M_MOST),
    "15-large-circle": with_circle(N_MOST, 15_000, 9),
}


def solve(n, pairs):
    """The order that packs the thing with the least number first, whenever there is a choice."""
    assert n <= N_MOST and len(pairs) <= M_MOST and all(1 <= a <= n and 1 <= b <= n and a != b for a, b in pairs)
    after, waits = [[] for _ in range(n + 1)], [0] * (n + 1)
    for a, b in pairs:
        after[a].append(b)
        waits[b] += 1
    ready, order = [thing for thing in range(1, n + 1) if not waits[thing]], []
    while ready:
        order.append(heapq.heappop(ready))
        for thing in after[order[-1]]:
            waits[thing] -= 1
            if not waits[thing]:
                heapq.heappush(ready, thing)
    return " ".join(map(str, order)) if len(order) == n else "impossible"


for folder, cases in (("sample", SAMPLE), ("secret", SECRET)):
    for name, (n, pairs) in cases.items():
        text = "".join(f"{a} {b}\n" for a, b in pairs)
        Path("data", folder, f"{name}.in").write_text(f"{n} {len(pairs)}\n{text}")
        Path("data", folder, f"{name}.ans").write_text(f"{solve(n, pairs)}\n")
