"""n, then the numbers of n cards."""
import re
import sys

text = sys.stdin.read()
if not re.fullmatch("[1-9][0-9]*\n[1-9][0-9]*(?: [1-9][0-9]*)*\n", text):
    sys.exit(43)
n, *cards = map(int, text.split())
sys.exit(42 if n <= 200_000 and len(cards) == n and max(cards) <= 10**9 else 43)
