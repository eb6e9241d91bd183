"""Goes down by recursion to amounts below zero, and never comes back."""
from functools import cache

_k, amount = map(int, input().split())
coins = list(map(int, input().split()))


@cache
def pay(rest):
    return () if rest == 0 else min(((coin, *pay(rest - coin)) for coin in coins), key=len)


paid = pay(amount)
print(len(paid))
print(*paid)
