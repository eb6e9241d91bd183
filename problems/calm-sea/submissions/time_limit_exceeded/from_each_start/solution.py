def longest_calm(heights, limit):
    """Begins at each minute, and goes on for as long as it is calm."""
    best = 0
    for start in range(len(heights)):
        low = high = heights[start]
        end = start
        while end < len(heights):
            low, high = min(low, heights[end]), max(high, heights[end])
            if high - low > limit:
                break
            end += 1
        best = max(best, end - start)
    return best
