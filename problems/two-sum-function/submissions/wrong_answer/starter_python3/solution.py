def two_sum(numbers, target):
    return []
