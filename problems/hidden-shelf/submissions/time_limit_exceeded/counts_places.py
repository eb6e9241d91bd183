"""Finds the middle by counting all places."""
low, high = 1, int(input())
while True:
    middle = low
    for place in range(low, high + 1):
        middle += place % 2
    middle = min(middle, high)
    print(middle, flush=True)
    answer = input()
    if answer == "here":
        break
    if answer == "lower":
        high = middle - 1
    else:
        low = middle + 1
