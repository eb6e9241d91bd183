"""Writes the test cases. Run from the package's folder."""
import random
from pathlib import Path

RANDOM = random.Random(20261110)
MOST = 10_000


def kinds(count, most):
    return [1, *sorted(RANDOM.sample(range(2, most + 1), count - 1))]


SAMPLE = {"sample": {"1": (6, [1, 3, 4]), "2": (40, [1, 5, 10, 20, 50])}}
SECRET = {
    "secret/1-few-kinds": {
        "01-one-coin": (1, [1]),
        "02-ones": (250, [1]),
        "03-two-kinds": (99, [1, 7]),
        "04-greedy-goes-wrong": (14, [1, 7, 10]),
        "05-one-of-them": (500, [1, 250, 499]),
        "06-too-large-a-coin": (9, [1, 4, 10]),
    },
    "secret/2-many-kinds": {
        "01-decimal": (9_999, [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000]),
        "02-powers": (8_191, [2**i for i in range(13)]),
        "03-some": (8_765, kinds(20, 300)),
        "04-large-ones": (MOST, kinds(20, MOST)),
        "05-two-of-a-kind": (9_998, [1, 10, 4_999, 9_900]),
        "06-almost-squares": (7_777, [i * i for i in range(1, 21)]),
    },
}
POINTS = {"secret/1-few-kinds": 40, "secret/2-many-kinds": 60}


def solve(amount, coins):
    assert 1 <= amount <= MOST and coins[0] == 1 and coins == sorted(set(coins)) and coins[-1] <= MOST
    fewest, last = [0], [0]
    for part in range(1, amount + 1):
        best = min((fewest[part - coin], coin) for coin in coins if coin <= part)
        fewest.append(best[0] + 1)
        last.append(best[1])
    paid = []
    while amount:
        paid.append(last[amount])
        amount -= paid[-1]
    return paid


for folder, cases in (SAMPLE | SECRET).items():
    for name, (amount, coins) in cases.items():
        paid = solve(amount, coins)
        assert folder != "secret/1-few-kinds" or len(coins) <= 3
        text = f"{len(coins)} {amount}\n{' '.join(map(str, coins))}\n"
        Path("data", folder, f"{name}.in").write_text(text)
        Path("data", folder, f"{name}.ans").write_text(f"{len(paid)}\n{' '.join(map(str, paid))}\n")
for folder, points in POINTS.items():
    Path("data", folder, "test_group.yaml").write_text(f"max_score: {points}\nscore_aggregation: min\n")
Path("data/secret/test_group.yaml").write_text("max_score: 100\nscore_aggregation: sum\n")
