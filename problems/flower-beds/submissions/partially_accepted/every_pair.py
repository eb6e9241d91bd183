"""Looks at every pair: groups 1 and 2, 50 points."""
n, beds = int(input()), list(map(int, input().split()))
print(sum(near > far for i, near in enumerate(beds) for far in beds[i + 1 :]))
