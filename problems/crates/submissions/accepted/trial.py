def is_prime(number):
    return number > 1 and all(number % factor for factor in range(2, int(number**0.5) + 1))


weight = int(input())
first = next(first for first in range(2, weight) if is_prime(first) and is_prime(weight - first))
print(first, weight - first)
