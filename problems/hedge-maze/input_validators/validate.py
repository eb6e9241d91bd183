"""r and c, then the maze."""
import re
import sys

text = sys.stdin.read()
if not re.fullmatch("[1-9][0-9]* [1-9][0-9]*\n(?:[.#]+\n)+", text):
    sys.exit(43)
first, *maze = text.splitlines()
rows, columns = map(int, first.split())
good = rows <= 400 and columns <= 400 and len(maze) == rows and all(len(row) == columns for row in maze)
sys.exit(42 if good else 43)
