"""n, then n heights; `--most N HEIGHT` for a group with smaller limits."""
import re
import sys

text = sys.stdin.read()
if not re.fullmatch("[1-9][0-9]*\n[1-9][0-9]*(?: [1-9][0-9]*)*\n", text):
    sys.exit(43)
n, *heights = map(int, text.split())
most, highest = map(int, sys.argv[2:]) if sys.argv[1:2] == ["--most"] else (70_000, 10**6)
sys.exit(42 if n <= most and len(heights) == n and max(heights) <= highest else 43)
