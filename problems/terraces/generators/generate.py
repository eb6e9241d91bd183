"""Writes the test cases. Run from the package's folder."""
import random
from itertools import accumulate
from pathlib import Path

RANDOM = random.Random(20261111)
N_MOST, MOST = 30_000, 10**6


def heights(n, most):
    return [RANDOM.randint(0, most) for _ in range(n)]


CASES = {
    "sample": {"1": [3, 0, 2], "2": [0, 1, 0, 2, 1, 0, 3]},
    "secret/1-few": {
        "01-one": [5],
        "02-flat": [4, 4, 4],
        "03-up": list(range(50)),
        "04-down": list(range(99, 0, -1)),
        "05-basin": [100, *[0] * 98, 100],
        "06-two-basins": [9, 2, 6, 1, 0, 8],
        "07-zeros": [0, 0, 0, 0],
        "08-any": heights(100, 100),
    },
    "secret/2-many": {
        "01-basin-past-32-bits": [MOST, *[0] * (N_MOST - 2), MOST],
        "02-steps-down-and-up": [*range(9_999, 0, -1), *range(1, 9_999)],
        "03-hill": [*range(7_000), *range(7_000, 0, -1)],
        "04-any": heights(15_000, MOST),
    },
}


def solve(terraces):
    assert 1 <= len(terraces) <= N_MOST and all(0 <= height <= MOST for height in terraces)
    left, right = accumulate(terraces, max), accumulate(reversed(terraces), max)
    return sum(map(min, left, reversed(list(right)))) - sum(terraces)


for folder, cases in CASES.items():
    for name, terraces in cases.items():
        Path("data", folder, f"{name}.in").write_text(f"{len(terraces)}\n{' '.join(map(str, terraces))}\n")
        Path("data", folder, f"{name}.ans").write_text(f"{solve(terraces)}\n")

# The sample is worth nothing; a group counts only if all of it is right, and the groups are added up.
SETTINGS = {
    "": "on_reject: continue\ngrader_flags: ignore_sample\nrange: 0 100\n",
    "sample": "accept_score: 0\ngrader_flags: min\nrange: 0 0\n",
    "secret": "grader_flags: accept_if_any_accepted\nrange: 0 100\n",
    "secret/1-few": "on_reject: break\naccept_score: 40\ngrader_flags: min\nrange: 0 40\ninput_validator_flags: few\n",
    "secret/2-many": "on_reject: break\naccept_score: 60\ngrader_flags: min\nrange: 0 60\n",
}
for folder, settings in SETTINGS.items():
    Path("data", folder, "testdata.yaml").write_text(settings)
