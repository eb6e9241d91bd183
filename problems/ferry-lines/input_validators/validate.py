"""n and m, then m ferry lines."""
import re
import sys

NUMBER = "(?:0|[1-9][0-9]*)"
text = sys.stdin.read()
if not re.fullmatch(f"[1-9][0-9]* {NUMBER}\n(?:{NUMBER} {NUMBER} {NUMBER}\n)*", text):
    sys.exit(43)
n, m, *numbers = map(int, text.split())
if n > 10_000 or m > 30_000 or len(numbers) != 3 * m:
    sys.exit(43)
islands = numbers[::3] + numbers[1::3]
sys.exit(42 if all(1 <= island <= n for island in islands) and all(t <= 10**6 for t in numbers[2::3]) else 43)
