"""validate INPUT ANSWER FEEDBACK/: plays the librarian, on standard input and output."""
import sys
from pathlib import Path

LOOKS = 30


def verdict(code, message):
    Path(sys.argv[3], "judgemessage.txt").write_text(message + "\n")
    sys.exit(code)


def tell(line):
    try:
        print(line, flush=True)
    except BrokenPipeError:
        # Whoever does not listen any more may have written before that.
        sys.stdout = None


def main():
    n, place = map(int, Path(sys.argv[1]).read_text().split())
    # Where a book that is moved may still stand.
    least, most = (place, place) if place else (1, n)
    tell(n)
    for look in range(1, LOOKS + 2):
        line = sys.stdin.buffer.readline(100)
        if not line:
            verdict(43, f"the program ended after {look - 1} looks without the book")
        words = line.split()
        if len(words) != 1 or not words[0].isdigit() or not 1 <= int(words[0]) <= n:
            verdict(43, f"look {look} is at no place: {line[:50]!r}")
        if look > LOOKS:
            verdict(43, f"looked at more than {LOOKS} places")
        at = int(words[0])
        if at < least or (at <= most and at - least < most - at):
            least = max(least, at + 1)
            tell("higher")
        elif at > most or least < most:
            most = min(most, at - 1)
            tell("lower")
        else:
            tell("here")
            if sys.stdin.buffer.read(1):
                verdict(43, "the program went on after it had found the book")
            verdict(42, f"found at {at} after {look} looks")


main()
