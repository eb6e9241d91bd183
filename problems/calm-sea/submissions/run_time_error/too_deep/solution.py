def longest_calm(heights, limit, end=0, start=0, best=0):
    """Goes on to the next minute by calling itself, which Python does not like to do sixty thousand times."""
    if end == len(heights):
        return best
    while max(heights[start : end + 1]) - min(heights[start : end + 1]) > limit:
        start += 1
    return longest_calm(heights, limit, end + 1, start, max(best, end + 1 - start))
