"""Goes along the shelf."""
n = int(input())
for place in range(1, n + 1):
    print(place, flush=True)
    if input() == "here":
        break
