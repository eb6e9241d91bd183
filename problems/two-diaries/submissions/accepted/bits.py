"""A whole row in the bits of one number: a bit is set where the length grows by one."""


def main():
    first, second = input(), input()
    places = dict.fromkeys(first, 0)
    for i, letter in enumerate(second):
        places[letter] = places.get(letter, 0) | 1 << i
    row = 0
    for letter in first:
        either = row | places[letter]
        row = either & (either ^ (either - (row << 1 | 1)))
    print(bin(row).count("1"))


main()
