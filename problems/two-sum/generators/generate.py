"""Writes the test cases. Run from the package's folder."""
import random
from collections import Counter
from pathlib import Path

RANDOM = random.Random(20250901)
N_MOST, A_MOST = 100_000, 10**9


def large(n, i, j):
    """Even numbers only, save one: with an odd target the odd one must take part, and its partner is there once."""
    numbers = [2 * RANDOM.randint(-4_000, 4_000) for _ in range(n)]
    odd, partner = 4_321, 9_998
    numbers[i], numbers[j] = RANDOM.sample((odd, partner), 2)
    return odd + partner, numbers


def scattered(n):
    numbers = RANDOM.sample(range(-A_MOST, A_MOST + 1), n)
    i, j = RANDOM.sample(range(n), 2)
    return numbers[i] + numbers[j], numbers


SAMPLE = {
    "1": (9, [2, 7, 11, 15]),
    "2": (6, [3, 2, 4]),
    "3": (-8, [5, -3, 10, -5, 1]),
}
SECRET = {
    "01-two-numbers": (5, [2, 3]),
    "02-equal-numbers": (6, [3, 3]),
    "03-not-twice-the-same": (10, [5, 1, 7, 3]),
    "04-equal-far-apart": (8, [4, 1, 2, 9, 4]),
    "05-zeros": (0, [0, 4, 3, 0]),
    "06-opposites": (0, [-3, 4, 3, 90]),
    "07-largest": (2 * A_MOST, [A_MOST, 1, A_MOST]),
    "08-smallest": (-2 * A_MOST, [7, -A_MOST, 1, -A_MOST]),
    "09-ends": (101, [1, 20, 30, 40, 50, 100]),
    "10-target-in-list": (7, [7, 1, 5, 6, 12]),
    "11-scattered": scattered(50),
    "12-thousand": scattered(1_000),
    "13-large-early": large(N_MOST, 1, 5),
    "14-large-late": large(N_MOST, N_MOST - 2, N_MOST - 1),
    "15-large-ends": large(N_MOST, 0, N_MOST - 1),
}


def solve(target, numbers):
    """The only pair, and that it is the only one."""
    assert 2 <= len(numbers) <= N_MOST and all(abs(number) <= A_MOST for number in numbers)
    seen, pairs, found = Counter(), 0, None
    where = {}
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
