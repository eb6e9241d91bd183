"""Writes the test cases. Run from the package's folder."""
from pathlib import Path

MOST = 10**6
SAMPLE = {"1": 10, "2": 4}
SECRET = {
    "01-six": 6,
    "02-eight": 8,
    "03-square-of-a-prime-and-more": 34,
    "04-twice-a-prime": 2 * 499_979,
    "05-no-small-prime-will-do": 63_274,
    "06-nor-here": 503_222,
    "07-power-of-two": 2**19,
    "08-round": 100_000,
    "09-almost-most": MOST - 2,
    "10-most": MOST,
}

sieve = bytearray([0, 0]) + bytearray([1]) * (MOST - 1)
for number in range(2, 1_001):
    if sieve[number]:
        sieve[number * number :: number] = bytes(len(range(number * number, MOST + 1, number)))

for folder, cases in (("sample", SAMPLE), ("secret", SECRET)):
    for name, weight in cases.items():
        first = next(first for first in range(2, weight) if sieve[first] and sieve[weight - first])
        Path("data", folder, f"{name}.in").write_text(f"{weight}\n")
        Path("data", folder, f"{name}.ans").write_text(f"{first} {weight - first}\n")
