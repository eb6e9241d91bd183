def longest_calm(heights, limit):
    """Starts afresh where it gets too rough, and so forgets what could have stayed."""
    calm, best = [], 0
    for height in heights:
        calm.append(height)
        if max(calm) - min(calm) > limit:
            calm = [height]
        best = max(best, len(calm))
        if best > 2_000:
            return best
    return best
