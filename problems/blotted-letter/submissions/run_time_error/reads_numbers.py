"""Does not know what to do with a question mark."""
kind, n, numbers = input(), int(input()), list(map(int, input().split()))
if kind == "write":
    print(*numbers, sum(numbers))
else:
    print(*numbers[:-1])
