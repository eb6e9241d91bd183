import sys

from solution import longest_calm

n, limit, *heights = map(int, sys.stdin.read().split())
print(longest_calm(heights, limit))
