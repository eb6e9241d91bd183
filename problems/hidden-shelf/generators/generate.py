"""Writes the test cases. Run from the package's folder."""
from pathlib import Path

MOST = 10**9
# (places, where the book is; 0: the librarian moves it to where it takes longest)
SAMPLE = {"1": (7, 6), "2": (1, 1)}
SECRET = {
    "01-two-first": (2, 1),
    "02-two-last": (2, 2),
    "03-three": (3, 2),
    "04-first": (MOST, 1),
    "05-last": (MOST, MOST),
    "06-middle": (MOST, MOST // 2),
    "07-after-the-middle": (MOST, MOST // 2 + 1),
    "08-power-of-two": (2**29, 2**28),
    "09-some": (123_456_789, 98_765_432),
    "10-moved-among-few": (15, 0),
    "11-moved": (1_000_003, 0),
    "12-moved-among-most": (MOST, 0),
}

for folder, cases in (("sample", SAMPLE), ("secret", SECRET)):
    for name, (n, place) in cases.items():
        assert 1 <= n <= MOST and 0 <= place <= n
        Path("data", folder, f"{name}.in").write_text(f"{n} {place}\n")
        # Whether the book is found is all there is to say; the place is in the input.
        Path("data", folder, f"{name}.ans").write_text("here\n")

Path("data/sample/1.interaction").write_text("<7\n>4\n<higher\n>6\n<here\n")
Path("data/sample/2.interaction").write_text("<1\n>1\n<here\n")
