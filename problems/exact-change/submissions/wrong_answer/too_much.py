"""Pays with the largest coin until it is enough."""
_k, amount = map(int, input().split())
coins = list(map(int, input().split()))
count = -(-amount // coins[-1])
print(count)
print(*[coins[-1]] * count)
