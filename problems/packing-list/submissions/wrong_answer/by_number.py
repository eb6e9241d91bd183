"""Packs the things in the order of their numbers."""
n, m = map(int, input().split())
print(*range(1, n + 1))
