"""Takes the answer for a number."""
low, high = 1, int(input())
while low <= high:
    middle = (low + high) // 2
    print(middle, flush=True)
    if int(input()) < 0:
        high = middle - 1
    else:
        low = middle + 1
