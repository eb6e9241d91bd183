"""Tries what was taken on the day that cannot be read, and adds everything up each time."""
kind, n, numbers = input(), int(input()), input().split()
if kind == "write":
    print(*numbers, sum(map(int, numbers)))
elif numbers[-1] == "?":
    print(*numbers[:-1])
else:
    for guess in range(100_001):
        days = [guess if number == "?" else int(number) for number in numbers[:-1]]
        if sum(days) == int(numbers[-1]):
            print(*days)
            break
