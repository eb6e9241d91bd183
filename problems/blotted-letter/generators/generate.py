"""Writes the test cases. Run from the package's folder."""
import random
from pathlib import Path

RANDOM = random.Random(20261108)
N_MOST, MOST = 1_000, 100_000


def takings(n, most=MOST):
    return [RANDOM.randint(0, most) for _ in range(n)]


# (the number that is blotted, the takings)
SAMPLE = {"1": (1, [120, 80, 95]), "2": (3, [5, 0, 5])}
SECRET = {
    "01-one-day": (0, [7]),
    "02-one-day-other-number": (1, [7]),
    "03-nothing-taken": (2, [0, 0, 0, 0]),
    "04-most": (0, [MOST] * 5),
    "05-first": (0, takings(10)),
    "06-last": (10, takings(10)),
    "07-before-last": (9, takings(10)),
    "08-all-alike": (4, [33] * 9),
    "09-large": (500, takings(N_MOST)),
    "10-large-most": (999, [MOST] * N_MOST),
    "11-large-last": (1_000, takings(N_MOST)),
    "12-large-small-numbers": (17, takings(N_MOST, 9)),
}

for folder, cases in (("sample", SAMPLE), ("secret", SECRET)):
    for name, (blot, days) in cases.items():
        assert 1 <= len(days) <= N_MOST and 0 <= blot <= len(days) and all(0 <= day <= MOST for day in days)
        text = " ".join(map(str, days))
        Path("data", folder, f"{name}.in").write_text(f"write\n{len(days)}\n{text}\n")
        # What the program must not know yet is in the answer: where the blot is.
        Path("data", folder, f"{name}.ans").write_text(f"{blot}\n{text}\n")

for name, (blot, days) in SAMPLE.items():
    letter = [*days, sum(days)]
    blotted = ["?" if i == blot else number for i, number in enumerate(letter)]
    lines = [("<", "write"), ("<", len(days)), ("<", " ".join(map(str, days))), (">", " ".join(map(str, letter)))]
    lines += [("", "---"), ("<", "read"), ("<", len(days)), ("<", " ".join(map(str, blotted)))]
    lines += [(">", " ".join(map(str, days)))]
    Path("data/sample", f"{name}.interaction").write_text("".join(f"{mark}{line}\n" for mark, line in lines))
