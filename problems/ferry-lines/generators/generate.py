"""Writes the test cases. Run from the package's folder."""
import heapq
import random
from pathlib import Path

RANDOM = random.Random(20261106)
N_MOST, M_MOST, T_MOST = 10_000, 30_000, 10**6


def bay(n, m, most=T_MOST):
    return n, [(RANDOM.randint(1, n), RANDOM.randint(1, n), RANDOM.randint(0, most)) for _ in range(m)]


def against_the_list(n, m):
    """A long way through all islands whose last ferry stands first: each look through the list finds one island."""
    way = [(k, k + 1, 1) for k in range(n - 1, 0, -1)]
    # Shortcuts that are none.
    return n, way + [(k := RANDOM.randint(1, n - 9), k + 8, 90) for _ in range(m - len(way))]


def detours(n):
    """Each step forward by a slow ferry or by two fast ones."""
    lines = []
    for k in range(1, n - 1, 2):
        lines += [(k, k + 2, 7), (k, k + 1, 3), (k + 1, k + 2, 3)]
    return n, lines


SAMPLE = {
    "1": (4, [(1, 2, 10), (2, 3, 5), (1, 3, 20)]),
    "2": (2, [(2, 1, 3)]),
}
SECRET = {
    "01-one-island": (1, []),
    "02-one-island-round-trip": (1, [(1, 1, 5)]),
    "03-no-ferries": (3, []),
    "04-in-no-time": (3, [(1, 2, 0), (2, 3, 0), (3, 1, 0)]),
    "05-several-lines": (2, [(1, 2, 9), (1, 2, 4), (1, 2, 7)]),
    "06-one-way": (3, [(1, 2, 1), (3, 2, 1)]),
    "07-more-changes-are-faster": detours(9),
    "08-fewest-minutes-not-lines": (5, [(1, 5, 100), (1, 2, 20), (2, 3, 20), (3, 4, 20), (4, 5, 20)]),
    "09-island-1-last": (4, [(4, 3, 2), (3, 2, 2), (2, 1, 2), (1, 4, 2)]),
    "10-small": bay(50, 120, 20),
    "11-sparse": bay(2_000, 2_500),
    "12-past-32-bits": (5_000, [(k, k + 1, T_MOST) for k in range(1, 5_000)]),
    "13-detours": detours(3_999),
    "14-large": bay(N_MOST, 20_000),
    "15-against-the-list": against_the_list(N_MOST, 12_000),
}


def solve(n, lines):
    assert len(lines) <= M_MOST and all(1 <= a <= n and 1 <= b <= n and 0 <= t <= T_MOST for a, b, t in lines)
    ferries = [[] for _ in range(n + 1)]
    for a, b, t in lines:
        ferries[a].append((b, t))
    times, queue = {}, [(0, 1)]
    while queue:
        time, island = heapq.heappop(queue)
        if island not in times:
            times[island] = time
            for to, takes in ferries[island]:
                heapq.heappush(queue, (time + takes, to))
    return max(times.values()), n - len(times)


for folder, cases in (("sample", SAMPLE), ("secret", SECRET)):
    for name, (n, lines) in cases.items():
        text = "".join(f"{a} {b} {t}\n" for a, b, t in lines)
        far, missing = solve(n, lines)
        Path("data", folder, f"{name}.in").write_text(f"{n} {len(lines)}\n{text}")
        Path("data", folder, f"{name}.ans").write_text(f"{far} {missing}\n")
