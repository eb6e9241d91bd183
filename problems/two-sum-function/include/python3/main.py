import sys

from solution import two_sum

n, target, *numbers = map(int, sys.stdin.read().split())
print(*two_sum(numbers, target))
