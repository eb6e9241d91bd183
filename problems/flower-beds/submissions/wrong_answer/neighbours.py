"""Looks at neighbours only."""
n, beds = int(input()), list(map(int, input().split()))
print(sum(near > far for near, far in zip(beds, beds[1:])))
