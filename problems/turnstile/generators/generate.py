"""Writes the test cases. Run from the package's folder."""
import random
from pathlib import Path

RANDOM = random.Random(20261102)
N_MOST, CARD_MOST = 200_000, 10**9


def cards(count, most):
    return RANDOM.sample(range(1, most + 1), count)


def in_and_out(count):
    """All come, then all leave in another order."""
    come = cards(count, 999_999)
    return come + RANDOM.sample(come, count)


def busy(n, count, most):
    known = cards(count, most)
    return [RANDOM.choice(known) for _ in range(n)]


SAMPLE = {
    "1": [7, 3, 7, 9, 3],
    "2": [5, 5, 5],
}
SECRET = {
    "01-one": [1],
    "02-in-and-out": [42, 42],
    "03-one-after-the-other": [1, 1, 2, 2, 3, 3],
    "04-all-stay": [6, 5, 4, 3, 2, 1],
    "05-comes-back": [9, 8, 9, 8, 9, 9, 9],
    "06-largest-numbers": [CARD_MOST, CARD_MOST - 1, CARD_MOST, 1],
    "07-alike-but-for-digits": [1, 11, 111, 1_111, 11, 1],
    "08-hundred": busy(100, 20, 100),
    "09-thousand": busy(1_000, 300, CARD_MOST),
    "10-few-cards": busy(20_000, 5, 9),
    "11-all-in-all-out": in_and_out(30_000),
    "12-busy": busy(N_MOST, 9_000, 9_999),
}


def solve(events):
    assert 1 <= len(events) <= N_MOST and all(1 <= card <= CARD_MOST for card in events)
    inside, most = set(), 0
    for card in events:
        inside ^= {card}
        most = max(most, len(inside))
    return most, len(inside)


for folder, cases in (("sample", SAMPLE), ("secret", SECRET)):
    for name, events in cases.items():
        most, left = solve(events)
        Path("data", folder, f"{name}.in").write_text(f"{len(events)}\n{' '.join(map(str, events))}\n")
        Path("data", folder, f"{name}.ans").write_text(f"{most} {left}\n")
