from itertools import accumulate

input()
terraces = list(map(int, input().split()))
left = list(accumulate(terraces, max))
right = list(accumulate(reversed(terraces), max))[::-1]
print(sum(map(min, left, right)) - sum(terraces))
