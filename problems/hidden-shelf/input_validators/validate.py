"""The number of places, and where the book is."""
import re
import sys

text = sys.stdin.read()
if not re.fullmatch("[1-9][0-9]* (?:0|[1-9][0-9]*)\n", text):
    sys.exit(43)
n, place = map(int, text.split())
sys.exit(42 if n <= 10**9 and place <= n else 43)
