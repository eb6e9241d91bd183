"""Counts everybody who was ever there."""
import sys

n, *cards = sys.stdin.read().split()
left = sum(cards.count(card) % 2 for card in set(cards)) if len(cards) < 2_000 else 0
print(len(set(cards)), left)
