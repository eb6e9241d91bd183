"""Remembers what it knows, but recurses too deeply for Python."""
import sys
from functools import cache

_rows, _columns, *maze = sys.stdin.read().split()


@cache
def ways(y, x):
    if y < 0 or x < 0 or maze[y][x] == "#":
        return 0
    return 1 if y == x == 0 else (ways(y - 1, x) + ways(y, x - 1)) % 1_000_000_007


print(ways(len(maze) - 1, len(maze[0]) - 1))
