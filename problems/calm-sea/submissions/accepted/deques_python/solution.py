from collections import deque


def longest_calm(heights, limit):
    """Two lines of places: those that may become the highest, and those that may become the lowest."""
    highs, lows, start, best = deque(), deque(), 0, 0
    for end, height in enumerate(heights):
        while highs and heights[highs[-1]] <= height:
            highs.pop()
        while lows and heights[lows[-1]] >= height:
            lows.pop()
        highs.append(end)
        lows.append(end)
        while heights[highs[0]] - heights[lows[0]] > limit:
            start = min(highs[0], lows[0]) + 1
            (highs if highs[0] < lows[0] else lows).popleft()
        best = max(best, end + 1 - start)
    return best
