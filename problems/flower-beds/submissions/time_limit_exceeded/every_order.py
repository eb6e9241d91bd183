"""Looks for the beds among all orders in which they could be, which is slow even where there are few."""
from itertools import permutations

n, beds = int(input()), list(map(int, input().split()))
fewest = None
for order in permutations(range(n)):
    if all(beds[a] <= beds[b] for a, b in zip(order, order[1:])):
        swaps = sum(order[i] > order[j] for i in range(n) for j in range(i + 1, n))
        if fewest is None or swaps < fewest:
            fewest = swaps
print(fewest)
