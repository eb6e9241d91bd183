"""Writes the test cases. Run from the package's folder."""
import random
from pathlib import Path

RANDOM = random.Random(20261104)
MOST = 100_000


def stripes(n, colours="abcdefghijklmnopqrstuvwxyz"):
    return "".join(RANDOM.choices(colours, k=n))


def mirrored(before, half, after, colours):
    piece = stripes(half, colours)
    return stripes(before, colours) + piece + piece[::-1] + stripes(after, colours)


SAMPLE = {
    "1": "redder",
    "2": "greenneer",
    "3": "blue",
}
SECRET = {
    "01-one": "a",
    "02-two-alike": "aa",
    "03-two-others": "ab",
    "04-all-of-it-odd": "abcdedcba",
    "05-all-of-it-even": "abccba",
    "06-first-of-several": "xyxaybybcabac",
    "07-at-the-end": "qwertyuiopooo",
    "08-even-beats-odd": "abaxyzzyxw",
    "09-one-inside-the-other": "abacabadabacaba",
    "10-random": stripes(2_000, "ab"),
    "11-random-colours": stripes(5_000),
    "12-all-the-same": "a" * MOST,
    "13-one-in-the-middle": "a" * (MOST // 2) + "b" + "a" * (MOST // 2 - 1),
    "14-mirrored": mirrored(20_000, 30_000, 15_000, "abc"),
    "15-by-turns": "ab" * (MOST // 2),
}


def solve(carpet):
    """Manacher's algorithm, on the carpet with a bar between any two stripes."""
    assert 1 <= len(carpet) <= MOST and carpet.isalpha() and carpet.islower()
    barred = "^|" + "|".join(carpet) + "|$"
    reach, middle, right = [0] * len(barred), 0, 0
    for i in range(1, len(barred) - 1):
        if i < right:
            reach[i] = min(right - i, reach[2 * middle - i])
        while barred[i - reach[i] - 1] == barred[i + reach[i] + 1]:
            reach[i] += 1
        if i + reach[i] > right:
            middle, right = i, i + reach[i]
    most = max(reach)
    return most, (reach.index(most) - most) // 2


for folder, cases in (("sample", SAMPLE), ("secret", SECRET)):
    for name, carpet in cases.items():
        length, before = solve(carpet)
        piece = carpet[before : before + length]
        assert piece == piece[::-1]
        Path("data", folder, f"{name}.in").write_text(f"{carpet}\n")
        Path("data", folder, f"{name}.ans").write_text(f"{length} {before}\n")
