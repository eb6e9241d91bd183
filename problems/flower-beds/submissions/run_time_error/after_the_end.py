"""Compares the last bed with the one after it."""
n, beds = int(input()), list(map(int, input().split()))
print(sum(beds[i] > beds[j + 1] for i in range(n) for j in range(i, n)))
