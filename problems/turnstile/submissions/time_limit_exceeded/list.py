"""Keeps a list of those inside, and looks through it for each card."""
import sys

n, *cards = sys.stdin.read().split()
inside, most = [], 0
for card in cards:
    if card in inside:
        inside.remove(card)
    else:
        inside.append(card)
    most = max(most, len(inside))
print(most, len(inside))
