"""Packs all days into one large number."""
kind, n, numbers = input(), int(input()), input().split()
if kind == "write":
    print(*numbers, int("".join(number.zfill(6) for number in numbers)))
elif numbers[-1] == "?":
    print(*numbers[:-1])
else:
    digits = numbers[-1].zfill(6 * int(n))
    print(*(int(digits[i : i + 6]) for i in range(0, len(digits), 6)))
