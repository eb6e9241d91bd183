"""Looks both ways from each terrace: 40 points."""
input()
terraces = list(map(int, input().split()))
water = 0
for i, height in enumerate(terraces):
    left = right = height
    for other in terraces[:i]:
        left = max(left, other)
    for other in terraces[i:]:
        right = max(right, other)
    water += min(left, right) - height
print(water)
