import sys

sys.setrecursionlimit(200000)


def depth(n):
    return depth(n - 1) + 1 if n else 0


print(depth(100000))
