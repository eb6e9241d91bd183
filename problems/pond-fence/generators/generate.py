"""Writes the test cases. Run from the package's folder."""
import math
import random
from pathlib import Path

RANDOM = random.Random(20261101)
MOST = 10**6


def star(n, least, most, turn=1):
    """Posts all around the middle, at growing angles: a fence that cannot cross itself."""
    posts = []
    for k in range(n):
        angle, far = turn * math.tau * (k + 0.1 + 0.8 * RANDOM.random()) / n, RANDOM.uniform(least, most)
        posts.append((round(far * math.cos(angle)), round(far * math.sin(angle))))
    return posts


def comb(teeth):
    """Long and thin, with teeth up and down."""
    posts = [(2 * k + shift, height) for k in range(teeth) for shift, height in ((0, 1), (0, 9), (1, 9), (1, 1))]
    return posts + [(2 * teeth - 1, 0), (0, 0)]


SAMPLE = {
    "1": [(0, 0), (4, 0), (4, 3)],
    "2": [(0, 0), (0, 2), (2, 2), (2, 1), (1, 1), (1, 0)],
}
SECRET = {
    "01-square": [(0, 0), (1, 0), (1, 1), (0, 1)],
    "02-clockwise": [(0, 0), (0, 5), (7, 5), (7, 0)],
    "03-half": [(0, 0), (1, 0), (0, 1)],
    "04-largest": [(-MOST, -MOST), (MOST, -MOST), (MOST, MOST), (-MOST, MOST)],
    "05-largest-clockwise": [(-MOST, MOST), (MOST, MOST), (MOST, -MOST), (-MOST, -MOST)],
    "06-sliver": [(-MOST, -MOST), (MOST, MOST - 1), (MOST, MOST)],
    "07-far-from-origin": [(999_990, 999_990), (999_999, 999_991), (999_995, 999_999)],
    "08-dart": [(0, 0), (10, 5), (0, 10), (3, 5)],
    "09-on-a-line": [(0, 0), (5, 0), (10, 0), (10, 10), (5, 10), (0, 10)],
    "10-comb": comb(20),
    "11-star": star(50, 100, 1_000),
    "12-star-clockwise": star(100, 1_000, MOST - 1, -1),
    "13-most-posts": star(200, MOST // 2, MOST - 1),
}


def solve(posts):
    length = area = 0
    for (x, y), (to_x, to_y) in zip(posts, posts[1:] + posts[:1]):
        length += math.dist((x, y), (to_x, to_y))
        area += x * to_y - to_x * y
    assert area != 0
    return f"{length:.9f} {abs(area) / 2:.1f}"


for folder, cases in (("sample", SAMPLE), ("secret", SECRET)):
    for name, posts in cases.items():
        text = "".join(f"{x} {y}\n" for x, y in posts)
        Path("data", folder, f"{name}.in").write_text(f"{len(posts)}\n{text}")
        Path("data", folder, f"{name}.ans").write_text(solve(posts) + "\n")
    Path("data", folder, "test_group.yaml").write_text("output_validator_args: [float_tolerance, 1e-6]\n")
