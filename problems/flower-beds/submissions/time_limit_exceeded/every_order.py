"""Looks for the order of the beds among all ways to name a bed for each place, most of which are no order at all."""
from itertools import product

n, beds = int(input()), list(map(int, input().split()))
fewest = None
for order in product(range(n), repeat=n):
    swaps = sum(order[i] > order[j] for i in range(n) for j in range(i + 1, n))
    if len(set(order)) == n and all(beds[a] <= beds[b] for a, b in zip(order, order[1:])):
        if fewest is None or swaps < fewest:
            fewest = swaps
print(fewest)
