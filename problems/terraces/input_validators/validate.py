"""n, then n heights; `few` for the smaller limits of a group."""
import re
import sys

NUMBER = "(?:0|[1-9][0-9]*)"
text = sys.stdin.read()
if not re.fullmatch(f"[1-9][0-9]*\n{NUMBER}(?: {NUMBER})*\n", text):
    sys.exit(43)
n, *heights = map(int, text.split())
most, highest = (100, 100) if "few" in sys.argv[1:] else (30_000, 10**6)
sys.exit(42 if n <= most and len(heights) == n and max(heights) <= highest else 43)
