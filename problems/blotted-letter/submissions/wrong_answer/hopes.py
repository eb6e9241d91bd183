"""Hopes that the blot is on the number that it added."""
kind, n, numbers = input(), int(input()), input().split()
if kind == "write":
    print(*numbers, 0)
else:
    print(*(0 if number == "?" else number for number in numbers[:-1]))
