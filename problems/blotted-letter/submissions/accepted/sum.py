"""Adds the sum of all days."""
kind, n, numbers = input(), int(input()), input().split()
if kind == "write":
    print(*numbers, sum(map(int, numbers)))
else:
    known = sum(int(number) for number in numbers[:-1] if number != "?")
    print(*(int(numbers[-1]) - known if number == "?" else number for number in numbers[:-1]))
