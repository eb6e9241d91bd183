import sys


def main():
    cards = sys.stdin.buffer.read().split()
    inside, most = set(), 0
    for card in cards[1:]:
        if card in inside:
            inside.remove(card)
        else:
            inside.add(card)
            most = max(most, len(inside))
    print(most, len(inside))


main()
