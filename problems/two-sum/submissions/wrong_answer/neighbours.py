"""Looks at neighbours only."""
import sys

n, target, *numbers = map(int, sys.stdin.read().split())
for j in range(1, n):
    if numbers[j - 1] + numbers[j] == target:
        print(j - 1, j)
        break
