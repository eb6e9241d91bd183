"""Looks once more, to be sure."""
low, high = 1, int(input())
while True:
    middle = (low + high) // 2
    print(middle, flush=True)
    answer = input()
    if answer == "here":
        print(middle, flush=True)
        break
    if answer == "lower":
        high = middle - 1
    else:
        low = middle + 1
