"""Also steps across corners."""
import sys

_rows, columns, *maze = sys.stdin.read().split()
ways = [[0] * (int(columns) + 1) for _ in range(len(maze) + 1)]
ways[0][0] = 1
for y, row in enumerate(maze, 1):
    for x, lawn in enumerate(row, 1):
        if lawn == ".":
            ways[y][x] = (ways[y - 1][x] + ways[y][x - 1] + ways[y - 1][x - 1]) % 1_000_000_007
print(ways[-1][-1])
