"""Does not care about the order of the letters."""
from collections import Counter

print((Counter(input()) & Counter(input())).total())
