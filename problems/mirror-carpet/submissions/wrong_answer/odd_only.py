"""Every piece has a stripe in its middle, it thinks."""
carpet = input()
length = before = 0
for middle in range(len(carpet)):
    far = 0
    while far < min(middle + 1, len(carpet) - middle) and carpet[middle - far] == carpet[middle + far] and far < 2_000:
        far += 1
    if 2 * far - 1 > length:
        length, before = 2 * far - 1, middle - far + 1
print(length, before)
