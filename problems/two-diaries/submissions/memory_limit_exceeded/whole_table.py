"""A table of all pairs, made before anything else."""
first, second = input(), input()
table = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
for i, letter in enumerate(first, 1):
    for j, other in enumerate(second, 1):
        best = max(table[i - 1][j], table[i][j - 1])
        table[i][j] = table[i - 1][j - 1] + 1 if letter == other else best
print(table[-1][-1])
