"""Tries every pair."""
import sys


def main():
    n, target, *numbers = map(int, sys.stdin.read().split())
    for j in range(n):
        for i in range(j):
            if numbers[i] + numbers[j] == target:
                print(i, j)
                return


main()
