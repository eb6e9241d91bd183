"""The second of the two may be anything, it thinks."""
weight = int(input())
print(2, weight - 2)
