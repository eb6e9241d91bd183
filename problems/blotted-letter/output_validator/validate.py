"""validate INPUT ANSWER FEEDBACK/ < OUTPUT

After the first run, whose input begins with `write`, it blots the letter and asks for a second run; after that one it
compares the takings with those of the answer.
"""
import sys
from pathlib import Path

SMALLEST, LARGEST = 0, 10**9
feedback = Path(sys.argv[3])


def verdict(code, message):
    (feedback / "judgemessage.txt").write_text(message + "\n")
    sys.exit(code)


def numbers(words, count):
    if len(words) != count:
        verdict(43, f"{len(words)} numbers in the place of {count}")
    for word in words:
        if not word.isdigit() or len(word) > 10 or not SMALLEST <= int(word) <= LARGEST:
            verdict(43, f"{word[:30]!r} is not an integer from {SMALLEST} to {LARGEST}")
    return [int(word) for word in words]


def main():
    kind, n = Path(sys.argv[1]).read_text().split()[:2]
    blot, *days = map(int, Path(sys.argv[2]).read_text().split())
    words = sys.stdin.buffer.read().split()
    if kind == "write":
        letter = numbers(words, int(n) + 1)
        blotted = " ".join("?" if i == blot else str(number) for i, number in enumerate(letter))
        (feedback / "nextpass.in").write_text(f"read\n{n}\n{blotted}\n")
        verdict(42, f"number {blot + 1} of the letter is blotted")
    if numbers(words, int(n)) != days:
        verdict(43, "these are not the takings that were written")
    verdict(42, "read as it was written")


main()
