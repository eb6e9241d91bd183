"""n and the limit, then n heights."""
import re
import sys

NUMBER = "(?:0|-?[1-9][0-9]*)"
text = sys.stdin.read()
if not re.fullmatch(f"{NUMBER} {NUMBER}\n{NUMBER}(?: {NUMBER})*\n", text):
    sys.exit(43)
n, limit, *heights = map(int, text.split())
good = 1 <= n <= 60_000 and 0 <= limit <= 2 * 10**6 and len(heights) == n
sys.exit(42 if good and all(abs(height) <= 10**6 for height in heights) else 43)
