"""Writes the test cases. Run from the package's folder."""
import random
from bisect import bisect_left, insort
from pathlib import Path

RANDOM = random.Random(20261113)
N_MOST, MOST = 60_000, 10**6


def swell(n, step):
    """Up and down by small steps."""
    height, heights = 0, []
    for _ in range(n):
        height = max(-MOST, min(MOST, height + RANDOM.randint(-step, step)))
        heights.append(height)
    return heights


SAMPLE = {"1": (4, [8, 2, 4, 7]), "2": (5, [10, 1, 2, 4, 7, 2]), "3": (0, [4, 2, 2, 2, 4, 4, 2, 2])}
SECRET = {
    "01-one": (0, [5]),
    "02-two-calm": (3, [1, 4]),
    "03-two-rough": (2, [1, 4]),
    "04-all-alike": (0, [7] * 9),
    "05-limit-0": (0, [1, 2, 1, 2, 2, 1]),
    "06-largest-limit": (2 * MOST, [-MOST, MOST, 0, -MOST, MOST]),
    "07-just-too-far": (2 * MOST - 1, [0, -MOST, MOST, 0, 0]),
    "08-calm-at-the-end": (1, [9, 1, 9, 4, 5, 5, 4]),
    "09-highest-stays": (3, [9, 6, 7, 8, 5, 6, 7]),
    "10-below-zero": (10, [-5, -15, -16, -6, -7, -14, -4]),
    "11-swell": (40, swell(1_000, 9)),
    "12-down-all-the-time": (14_000, list(range(N_MOST // 4, -N_MOST // 4, -1))),
    "13-swell-large": (600, swell(N_MOST, 9)),
}


def solve(limit, heights):
    assert 1 <= len(heights) <= N_MOST and 0 <= limit <= 2 * MOST and all(abs(height) <= MOST for height in heights)
    best, start, window = 0, 0, []
    for end, height in enumerate(heights, 1):
        insort(window, height)
        while window[-1] - window[0] > limit:
            del window[bisect_left(window, heights[start])]
            start += 1
        best = max(best, end - start)
    return best


for folder, cases in (("sample", SAMPLE), ("secret", SECRET)):
    for name, (limit, heights) in cases.items():
        text = f"{len(heights)} {limit}\n{' '.join(map(str, heights))}\n"
        Path("data", folder, f"{name}.in").write_text(text)
        Path("data", folder, f"{name}.ans").write_text(f"{solve(limit, heights)}\n")
