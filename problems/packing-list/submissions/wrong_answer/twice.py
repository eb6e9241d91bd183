"""Packs a thing again for each pair that it is in."""
import sys

n, m, *numbers = map(int, sys.stdin.buffer.read().split())
print(*numbers or range(1, n + 1))
