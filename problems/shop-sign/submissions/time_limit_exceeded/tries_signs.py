"""Nudges the text to the right until both sides are alike, which an odd rest never allows."""
width, text = int(input()), input()
left, right = 0, width - len(text)
while left != right:
    left, right = (left + 1, right - 1) if right else (0, width - len(text))
rim = f"+{'-' * (width + 2)}+"
print(rim, f"| {' ' * left}{text}{' ' * right} |", rim, sep="\n")
