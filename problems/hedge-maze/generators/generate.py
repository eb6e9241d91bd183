"""Writes the test cases. Run from the package's folder."""
import random
from pathlib import Path

RANDOM = random.Random(20261105)
MOST, MODULUS = 400, 1_000_000_007


def free(rows, columns):
    return ["." * columns for _ in range(rows)]


def overgrown(rows, columns, share):
    """At random, but for the corners."""
    maze = ["".join("#" if RANDOM.random() < share else "." for _ in range(columns)) for _ in range(rows)]
    maze[0] = "." + maze[0][1:]
    maze[-1] = maze[-1][:-1] + "."
    return maze


SAMPLE = {
    "1": ["...", ".#.", "..."],
    "2": ["...", ".#.", "..#"],
    "3": free(3, 4),
}
SECRET = {
    "01-one-lawn": ["."],
    "02-one-overgrown-lawn": ["#"],
    "03-row": ["......"],
    "04-row-with-hedge": ["...#.."],
    "05-column": list("....."),
    "06-no-way-in": ["#..", "...", "..."],
    "07-no-way-out": ["...", "...", "..#"],
    "08-hedge-across": ["....", "####", "...."],
    "09-only-way-turns-back": ["....", "###.", "....", ".###", "...."],
    "10-one-gap": ["....#...", "....#...", "........", "....#..."],
    "11-long-way": ["." * 200, *["#" * 199 + "."] * 150],
    "12-past-32-bits": free(18, 20),
    "13-past-64-bits": free(40, 40),
    "14-few-hedges": overgrown(120, 130, 0.05),
    "15-many-hedges": overgrown(200, 200, 0.25),
    "16-largest": free(MOST, MOST),
    "17-large": overgrown(MOST, MOST, 0.02),
}


def solve(maze):
    ways = [0] * len(maze[0])
    ways[0] = 1
    for row in maze:
        for x, lawn in enumerate(row):
            ways[x] = 0 if lawn == "#" else (ways[x] + (ways[x - 1] if x else 0)) % MODULUS
    return ways[-1]


for folder, cases in (("sample", SAMPLE), ("secret", SECRET)):
    for name, maze in cases.items():
        assert len({len(row) for row in maze}) == 1 and len(maze) <= MOST and len(maze[0]) <= MOST
        text = "\n".join([f"{len(maze)} {len(maze[0])}", *maze])
        Path("data", folder, f"{name}.in").write_text(f"{text}\n")
        Path("data", folder, f"{name}.ans").write_text(f"{solve(maze)}\n")
