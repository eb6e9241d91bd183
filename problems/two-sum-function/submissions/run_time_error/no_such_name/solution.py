"""The function has another name."""


def twoSum(numbers, target):
    return [0, 1]
