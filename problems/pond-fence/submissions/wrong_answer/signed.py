"""Gives a fence that is listed clockwise an area below zero."""
import math
import sys

n, *numbers = map(int, sys.stdin.read().split())
posts = list(zip(numbers[::2], numbers[1::2]))
length = area = 0
for here, there in zip(posts, posts[1:] + posts[:1]):
    length += math.dist(here, there)
    area += here[0] * there[1] - there[0] * here[1]
print(length, area / 2)
