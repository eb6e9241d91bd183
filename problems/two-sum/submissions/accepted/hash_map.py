import sys


def main():
    n, target, *numbers = map(int, sys.stdin.read().split())
    seen = {}
    for j, number in enumerate(numbers):
        if target - number in seen:
            print(seen[target - number], j)
            return
        seen.setdefault(number, j)


main()
