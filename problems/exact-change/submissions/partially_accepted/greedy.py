"""Takes the largest coin that fits, each time: good for money as it is, bad for money as it might be."""
_k, amount = map(int, input().split())
coins = list(map(int, input().split()))
paid = []
for coin in reversed(coins):
    paid += [coin] * (amount // coin)
    amount %= coin
print(len(paid))
print(*paid)
