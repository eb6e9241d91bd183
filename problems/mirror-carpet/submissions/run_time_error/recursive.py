"""Grows pieces by recursion, deeper than Python likes."""
carpet = input()


def grown(start, end):
    if start < 0 or end == len(carpet) or carpet[start] != carpet[end]:
        return start + 1, end
    return grown(start - 1, end + 1)


pieces = [grown(both // 2, (both + 1) // 2) for both in range(2 * len(carpet) - 1)]
start, end = max(pieces, key=lambda piece: (piece[1] - piece[0], -piece[0]))
print(end - start, start)
