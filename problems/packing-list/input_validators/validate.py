"""n and m, then m pairs."""
import re
import sys

text = sys.stdin.read()
if not re.fullmatch("[1-9][0-9]* (?:0|[1-9][0-9]*)\n(?:[1-9][0-9]* [1-9][0-9]*\n)*", text):
    sys.exit(43)
n, m, *numbers = map(int, text.split())
pairs = list(zip(numbers[::2], numbers[1::2]))
good = n <= 10_000 and m <= 20_000 and len(pairs) == m
sys.exit(42 if good and all(a <= n and b <= n and a != b for a, b in pairs) else 43)
