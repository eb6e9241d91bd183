"""k and the amount, then k kinds of coins."""
import re
import sys

text = sys.stdin.read()
if not re.fullmatch("[1-9][0-9]* [1-9][0-9]*\n1(?: [1-9][0-9]*)*\n", text):
    sys.exit(43)
k, amount, *coins = map(int, text.split())
good = k <= 20 and amount <= 10_000 and len(coins) == k and coins == sorted(set(coins)) and coins[-1] <= 10_000
sys.exit(42 if good else 43)
