"""Writes the test cases. Run from the package's folder."""
import bisect
import random
from pathlib import Path

RANDOM = random.Random(20261109)
N_MOST, MOST = 70_000, 10**6


def heights(n, most=MOST):
    return [RANDOM.randint(1, most) for _ in range(n)]


SAMPLE = {"sample": {"1": [3, 1, 2], "2": [1, 2, 2, 4], "3": [5, 4, 3, 2, 1]}}
SECRET = {
    "secret/1-few": {
        "01-one": [7],
        "02-two": [2, 1],
        "03-alike": [4, 4, 4, 4],
        "04-up": list(range(1, 11)),
        "05-down": list(range(10, 0, -1)),
        "06-some": heights(10, 10),
    },
    "secret/2-more": {
        "01-down": list(range(2_000, 0, -1)),
        "02-two-heights": heights(1_999, 2),
        "03-any": heights(2_000),
        "04-zigzag": [height for k in range(1, 800) for height in (1_000 - k, k)],
    },
    "secret/3-many": {
        "01-down": list(range(N_MOST, 0, -1)),
        "02-nearly-up": [k for pair in range(1, 40_000, 2) for k in (pair + 1, pair)],
        "03-any": heights(50_000, 9_999),
    },
}
POINTS = {"secret/1-few": 20, "secret/2-more": 30, "secret/3-many": 50}


def solve(beds):
    assert 1 <= len(beds) <= N_MOST and all(1 <= height <= MOST for height in beds)
    passed, pairs = [], 0
    for height in beds:
        at = bisect.bisect_right(passed, height)
        pairs += len(passed) - at
        passed.insert(at, height)
    return pairs


for folder, cases in (SAMPLE | SECRET).items():
    for name, beds in cases.items():
        Path("data", folder, f"{name}.in").write_text(f"{len(beds)}\n{' '.join(map(str, beds))}\n")
        Path("data", folder, f"{name}.ans").write_text(f"{solve(beds)}\n")
for folder, points in POINTS.items():
    limits = {"secret/1-few": "[--most, 10, 10]", "secret/2-more": "[--most, 2000, 1000000]"}.get(folder)
    arguments = f"input_validator_args: {limits}\n" if limits else ""
    settings = f"max_score: {points}\nscore_aggregation: pass-fail\n{arguments}"
    Path("data", folder, "test_group.yaml").write_text(settings)
Path("data/secret/test_group.yaml").write_text("max_score: 100\nscore_aggregation: sum\n")
