"""The word `write`, n, then the takings of n days."""
import re
import sys

NUMBER = "(?:0|[1-9][0-9]*)"
text = sys.stdin.read()
if not re.fullmatch(f"write\n[1-9][0-9]*\n{NUMBER}(?: {NUMBER})*\n", text):
    sys.exit(43)
n, *days = map(int, text.split()[1:])
sys.exit(42 if n <= 1_000 and len(days) == n and max(days) <= 100_000 else 43)
