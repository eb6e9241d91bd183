"""Writes the test cases. Run from the package's folder."""
from pathlib import Path

LEAST, MOST = -(2**63), 2**63 - 1

SAMPLE = {"1": (1, 2), "2": (-7, 3), "3": (3000000000, 4000000000)}
SECRET = {
    "01-zero": (0, 0),
    "02-small": (17, 25),
    "03-both-negative": (-12, -30),
    "04-cancel": (123456789, -123456789),
    "05-past-32-bits": (2**31 - 1, 1),
    "06-past-minus-32-bits": (-(2**31), -1),
    "07-unsigned-32-bits": (2**32 - 1, 1),
    "08-not-a-double": (2**53, 1),
    "09-not-a-double-negative": (-(2**53), -1),
    "10-most": (MOST, 0),
    "11-least": (0, LEAST),
    "12-sum-is-most": (2**62, 2**62 - 1),
    "13-sum-is-least": (-(2**62), -(2**62)),
    "14-far-apart": (MOST, LEAST),
    "15-digits": (1234567890123456789, 987654321098765432),
    "16-one-is-long": (-5, 1000000000000000003),
}

for folder, cases in (("sample", SAMPLE), ("secret", SECRET)):
    for name, (a, b) in cases.items():
        assert all(LEAST <= value <= MOST for value in (a, b, a + b)), name
        Path("data", folder, f"{name}.in").write_text(f"{a} {b}\n")
        Path("data", folder, f"{name}.ans").write_text(f"{a + b}\n")
