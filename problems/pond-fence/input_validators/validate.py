"""n, then n posts of a fence that neither touches nor crosses itself."""
import re
import sys

NUMBER = "(?:0|-?[1-9][0-9]*)"
text = sys.stdin.read()
if not re.fullmatch(f"{NUMBER}\n(?:{NUMBER} {NUMBER}\n)+", text):
    sys.exit(43)
n, *numbers = map(int, text.split())
posts = list(zip(numbers[::2], numbers[1::2]))
if not 3 <= n <= 200 or len(posts) != n or any(abs(number) > 10**6 for number in numbers):
    sys.exit(43)


def side(a, b, c):
    cross = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (cross > 0) - (cross < 0)


def within(a, b, c):
    """Whether c, on the line through a and b, is between them."""
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])


def meet(a, b, c, d):
    sides = side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)
    if sides[0] != sides[1] and sides[2] != sides[3]:
        return True
    ends = (a, b, c), (a, b, d), (c, d, a), (c, d, b)
    return any(turn == 0 and within(*end) for turn, end in zip(sides, ends))


planks = list(zip(posts, posts[1:] + posts[:1]))
for i, (a, b) in enumerate(planks):
    c = planks[(i + 1) % n][1]
    # The next plank may only share the post between them.
    if a == b or (side(a, b, c) == 0 and (within(a, b, c) or within(b, c, a))):
        sys.exit(43)
    for j in range(i + 2, n):
        if (i, j) != (0, n - 1) and meet(a, b, *planks[j]):
            sys.exit(43)
sys.exit(42)
