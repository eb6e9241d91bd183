"""Thinks that a piece that is found in the reversed carpet too has to be mirrored."""
carpet = input()
back = carpet[::-1]
length = before = 0
for start in range(min(len(carpet), 1_000)):
    while start + length < len(carpet) and carpet[start : start + length + 1] in back:
        length, before = length + 1, start
print(length, before)
