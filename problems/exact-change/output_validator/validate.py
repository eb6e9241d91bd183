"""validate INPUT ANSWER FEEDBACK/ < OUTPUT

Takes every way to pay the amount; the fewer coins, the more of the points, which is written as a share of them.
"""
import sys
from pathlib import Path

feedback = Path(sys.argv[3])


def verdict(code, message):
    (feedback / "judgemessage.txt").write_text(message + "\n")
    sys.exit(code)


def main():
    _k, amount, *kinds = map(int, Path(sys.argv[1]).read_text().split())
    fewest = int(Path(sys.argv[2]).read_text().split()[0])
    words = sys.stdin.buffer.read().split()
    if not all(word.isdigit() and len(word) <= 5 for word in words):
        verdict(43, "not all of it is numbers")
    count, *coins = map(int, words or [0])
    if count != len(coins):
        verdict(43, f"{count} coins were announced and {len(coins)} paid")
    if set(coins) - set(kinds):
        verdict(43, "a coin of a kind that there is not")
    if sum(coins) != amount:
        verdict(43, f"the coins come to {sum(coins)} in the place of {amount}")
    if count < fewest:
        # Better than the answer, which says that it is the best: the exit status says that the package is wrong.
        sys.exit(1)
    (feedback / "score_multiplier.txt").write_text(f"{fewest / count:.6f}\n")
    verdict(42, f"{count} coins, and {fewest} would do")


main()
