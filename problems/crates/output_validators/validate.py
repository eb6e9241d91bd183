"""validate INPUT ANSWER FEEDBACK/ < OUTPUT: two primes that add up to the weight."""
import sys
from pathlib import Path


def verdict(code, message):
    Path(sys.argv[3], "judgemessage.txt").write_text(message + "\n")
    sys.exit(code)


def is_prime(number):
    return number > 1 and all(number % factor for factor in range(2, int(number**0.5) + 1))


weight = int(Path(sys.argv[1]).read_text())
words = sys.stdin.buffer.read(1_000).split()
if len(words) != 2 or not all(word.isdigit() and len(word) <= 7 for word in words):
    verdict(43, "not two numbers")
first, second = map(int, words)
if first + second != weight:
    verdict(43, f"{first} and {second} are {first + second}, not {weight}")
for number in first, second:
    if not is_prime(number):
        verdict(43, f"{number} is not a prime")
verdict(42, "two primes")
