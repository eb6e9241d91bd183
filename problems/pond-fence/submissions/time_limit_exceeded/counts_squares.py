"""Walks over the whole park, a square at a time."""
import math
import sys

n, *numbers = map(int, sys.stdin.read().split())
posts = list(zip(numbers[::2], numbers[1::2]))
planks = list(zip(posts, posts[1:] + posts[:1]))
length = sum(math.dist(*plank) for plank in planks)
area = 0.0
for y in range(min(numbers[1::2]), max(numbers[1::2])):
    crossings = []
    for (x1, y1), (x2, y2) in planks:
        if min(y1, y2) <= y < max(y1, y2):
            crossings.append(x1 + (x2 - x1) * (y + 0.5 - y1) / (y2 - y1))
    crossings.sort()
    for left, right in zip(crossings[::2], crossings[1::2]):
        x = left
        while x < right:
            area += min(1.0, right - x)
            x += 1
print(length, area)
