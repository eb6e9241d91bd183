"""Sums the trapezoids below each plank."""
import math
import sys

n, *numbers = map(int, sys.stdin.read().split())
posts = list(zip(numbers[::2], numbers[1::2]))
length = area = 0
for here, there in zip(posts, posts[1:] + posts[:1]):
    length += math.dist(here, there)
    area += (there[0] - here[0]) * (there[1] + here[1])
print(length, abs(area) / 2)
