"""Looks no farther than the neighbours."""
input()
terraces = list(map(int, input().split()))
around = zip(terraces, terraces[1:], terraces[2:])
print(sum(max(0, min(left, right) - height) for left, height, right in around))
