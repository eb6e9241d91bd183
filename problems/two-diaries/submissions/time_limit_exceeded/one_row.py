"""The right idea, a number at a time."""
first, second = input(), input()
row = [0] * (len(second) + 1)
for letter in first:
    corner = 0
    for j, other in enumerate(second, 1):
        above = row[j]
        row[j] = corner + 1 if letter == other else max(above, row[j - 1])
        corner = above
print(row[-1])
