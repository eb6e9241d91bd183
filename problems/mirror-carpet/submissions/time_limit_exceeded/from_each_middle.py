"""Grows a piece from each middle, which is slow where there are few colours."""
carpet = input()
length = before = 0
for both in range(2 * len(carpet) - 1):
    start, end = both // 2, (both + 1) // 2
    while start >= 0 and end < len(carpet) and carpet[start] == carpet[end]:
        start, end = start - 1, end + 1
    if end - start - 1 > length:
        length, before = end - start - 1, start + 1
print(length, before)
