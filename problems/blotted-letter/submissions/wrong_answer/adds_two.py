"""Writes two numbers too many."""
kind, n, numbers = input(), int(input()), input().split()
if kind == "write":
    print(*numbers, sum(map(int, numbers)), sum(map(int, numbers)))
else:
    known = sum(int(number) for number in numbers[: int(n)] if number != "?")
    print(*(int(numbers[-1]) - known if number == "?" else number for number in numbers[:-2]))
