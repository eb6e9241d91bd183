import sys


def main():
    _rows, columns, *maze = sys.stdin.read().split()
    ways = [1] + [0] * int(columns)
    for row in maze:
        left = 0
        for x, lawn in enumerate(row):
            left = 0 if lawn == "#" else (left + ways[x]) % 1_000_000_007
            ways[x] = left
    print(ways[int(columns) - 1])


main()
