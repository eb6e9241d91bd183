def main():
    barred = "^|" + "|".join(input()) + "|$"
    reach, middle, right = [0] * len(barred), 0, 0
    for i in range(1, len(barred) - 1):
        far = min(right - i, reach[2 * middle - i]) if i < right else 0
        while barred[i - far - 1] == barred[i + far + 1]:
            far += 1
        reach[i] = far
        if i + far > right:
            middle, right = i, i + far
    most = max(reach)
    print(most, (reach.index(most) - most) // 2)


main()
