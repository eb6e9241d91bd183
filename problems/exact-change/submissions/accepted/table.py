def main():
    _k, amount = map(int, input().split())
    coins = list(map(int, input().split()))
    fewest, last = [0] * (amount + 1), [0] * (amount + 1)
    for part in range(1, amount + 1):
        fewest[part], last[part] = min((fewest[part - coin] + 1, coin) for coin in coins if coin <= part)
    paid = []
    while amount:
        paid.append(last[amount])
        amount -= last[amount]
    print(len(paid))
    print(*paid)


main()
