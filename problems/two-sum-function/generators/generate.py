"""Writes the test cases. Run from the package's folder."""
import random
from collections import Counter
from pathlib import Path

RANDOM = random.Random(20261112)
N_MOST, MOST = 50_000, 10**9


def large(n, i, j):
    """Even numbers only, save one: with an odd target the odd one must take part, and its partner is there once."""
    numbers = [2 * RANDOM.randint(-400, 400) for _ in range(n)]
    odd, partner = 4_321, 998
    numbers[i], numbers[j] = RANDOM.sample((odd, partner), 2)
    return odd + partner, numbers


def scattered(n):
    while True:
        numbers = RANDOM.sample(range(-MOST, MOST + 1), n)
        i, j = RANDOM.sample(range(n), 2)
        if abs(numbers[i] + numbers[j]) <= MOST:
            return numbers[i] + numbers[j], numbers


SAMPLE = {"1": (9, [2, 7, 11, 15]), "2": (6, [3, 2, 4]), "3": (-8, [5, -3, 10, -5, 1])}
SECRET = {
    "01-two-numbers": (5, [2, 3]),
    "02-equal-numbers": (6, [3, 3]),
    "03-not-twice-the-same": (10, [5, 1, 7, 3]),
    "04-zeros": (0, [0, 4, 3, 0]),
    "05-opposites": (0, [-MOST, 4, 3, MOST]),
    "06-far-apart": (-MOST, [MOST, -MOST, 0, MOST - 7]),
    "07-target-in-list": (7, [7, 1, 5, 6, 12]),
    "08-first-and-last": (101, [1, 20, 30, 40, 50, 100]),
    "09-scattered": scattered(50),
    "10-thousand": scattered(1_000),
    "11-large-late": large(N_MOST, N_MOST - 2, N_MOST - 1),
}


def solve(target, numbers):
    """The only pair, and that it is the only one."""
    assert 2 <= len(numbers) <= N_MOST and all(abs(number) <= MOST for number in [target, *numbers])
    seen, pairs, found, where = Counter(), 0, None, {}
    for j, number in enumerate(numbers):
        pairs += seen[target - number]
        if found is None and target - number in where:
            found = (where[target - number], j)
        seen[number] += 1
        where.setdefault(number, j)
    assert pairs == 1, pairs
    return found


for folder, cases in (("sample", SAMPLE), ("secret", SECRET)):
    for name, (target, numbers) in cases.items():
        i, j = solve(target, numbers)
        text = f"{len(numbers)} {target}\n{' '.join(map(str, numbers))}\n"
        Path("data", folder, f"{name}.in").write_text(text)
        Path("data", folder, f"{name}.ans").write_text(f"{i} {j}\n")
