"""Writes the test cases. Run from the package's folder."""
import random
from pathlib import Path

RANDOM = random.Random(20261103)
MOST = 8_000


def text(n, letters="abcdefghijklmnopqrstuvwxyz"):
    return "".join(RANDOM.choices(letters, k=n))


def copies(n, letters, struck):
    """Two texts that were one."""
    whole = text(n, letters)
    return tuple("".join(letter for letter in whole if RANDOM.random() > struck) for _ in range(2))


SAMPLE = {
    "1": ("rainsun", "ransnow"),
    "2": ("abc", "xyz"),
}
SECRET = {
    "01-same-letter": ("a", "a"),
    "02-other-letter": ("a", "b"),
    "03-one-in-many": ("z", "abcxyzabc"),
    "04-equal": ("windmill", "windmill"),
    "05-backwards": ("abcdefgh", "hgfedcba"),
    "06-not-in-one-piece": ("azbzczdz", "abcd"),
    "07-greedy-goes-wrong": ("abcdexyz", "xyzabcde"),
    "08-pairs-swapped": ("badcfehg", "abcdefgh"),
    "09-short-and-long": (text(5), text(MOST)),
    "10-two-letters": (text(300, "ab"), text(301, "ab")),
    "11-all-the-same": ("s" * MOST, "s" * (MOST - 1)),
    "12-copies": copies(MOST, "abcdef", 0.1),
    "13-nothing-in-common": (text(1_000, "abc"), text(1_000, "xyz")),
    "14-longest": (text(MOST), text(MOST)),
    "15-longest-two-letters": (text(MOST, "rs"), text(MOST, "rs")),
}


def solve(first, second):
    """A bit of `row` is set where the length grows, from one letter of `second` to the next."""
    assert all(1 <= len(diary) <= MOST and diary.isalpha() and diary.islower() for diary in (first, second))
    places = {}
    for i, letter in enumerate(second):
        places[letter] = places.get(letter, 0) | 1 << i
    row = 0
    for letter in first:
        either = row | places.get(letter, 0)
        row = either & (either ^ (either - (row << 1 | 1)))
    return row.bit_count()


for folder, cases in (("sample", SAMPLE), ("secret", SECRET)):
    for name, diaries in cases.items():
        Path("data", folder, f"{name}.in").write_text("\n".join(diaries) + "\n")
        Path("data", folder, f"{name}.ans").write_text(f"{solve(*diaries)}\n")
