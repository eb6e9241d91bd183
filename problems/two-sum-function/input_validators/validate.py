"""n and the target, then n numbers, exactly one pair of which adds up to the target."""
import re
import sys
from collections import Counter

NUMBER = "(?:0|-?[1-9][0-9]*)"
text = sys.stdin.read()
if not re.fullmatch(f"{NUMBER} {NUMBER}\n{NUMBER}(?: {NUMBER})*\n", text):
    sys.exit(43)
n, target, *numbers = map(int, text.split())
if not 2 <= n <= 50_000 or len(numbers) != n or any(abs(number) > 10**9 for number in [target, *numbers]):
    sys.exit(43)
seen, pairs = Counter(), 0
for number in numbers:
    pairs += seen[target - number]
    seen[number] += 1
sys.exit(42 if pairs == 1 else 43)
