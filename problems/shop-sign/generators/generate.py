"""Writes the test cases. Run from the package's folder."""
from pathlib import Path

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

SAMPLE = {
    "1": (12, "Fresh bread"),
    "2": (9, "OPEN"),
    "3": (5, "TeA"),
}
SECRET = {
    "01-one-letter": (1, "a"),
    "02-one-letter-wide": (60, "Z"),
    "03-even-in-even": (10, "Cafe"),
    "04-odd-in-even": (10, "Shoes"),
    "05-even-in-odd": (11, "Keys"),
    "06-odd-in-odd": (11, "Books"),
    "07-fits-exactly": (17, "Lamps and Candles"),
    "08-one-too-few": (18, "Lamps and Candles"),
    "09-many-spaces": (30, "mind   the      gap"),
    "10-mixed-case": (20, "mAcHiNe PaRtS"),
    "11-upper-case": (20, "FISH"),
    "12-lower-case": (20, "fish"),
    "13-digits": (14, "Since 1887"),
    "14-full": (60, LETTERS[:60]),
    "15-single-letters": (59, " ".join(LETTERS[:30])),
    "16-zero": (2, "0"),
}


def sign(width, text):
    assert 1 <= len(text) <= width <= 60 and text == text.strip()
    left = (width - len(text)) // 2
    rim = "+" + "-" * (width + 2) + "+\n"
    return rim + "| " + (" " * left + text).ljust(width) + " |\n" + rim


for folder, cases in (("sample", SAMPLE), ("secret", SECRET)):
    for name, (width, text) in cases.items():
        Path("data", folder, f"{name}.in").write_text(f"{width}\n{text}\n")
        Path("data", folder, f"{name}.ans").write_text(sign(width, text))
    flags = "output_validator_args: [case_sensitive, space_change_sensitive]\n"
    Path("data", folder, "test_group.yaml").write_text(flags)
