"""Lets it rain for so long that every basin is full, and then lets the water run off, a metre at a time."""
input()
terraces = list(map(int, input().split()))
level = [10**6] * len(terraces)
runs = True
while runs:
    runs = False
    for i, height in enumerate(terraces):
        beside = min(level[i - 1] if i else 0, level[i + 1] if i + 1 < len(level) else 0)
        if level[i] > max(height, beside):
            level[i] -= 1
            runs = True
print(sum(level) - sum(terraces))
