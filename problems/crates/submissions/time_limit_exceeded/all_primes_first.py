"""Makes a list of all primes first, by dividing each number by every smaller one."""
weight = int(input())
primes = [number for number in range(2, weight) if all(number % factor for factor in range(2, number))]
print(next(f"{first} {weight - first}" for first in primes if weight - first in primes))
