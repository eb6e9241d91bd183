"""Expects two words."""
width = int(input())
first, second = input().split()
text = f"{first} {second}"
rim = f"+{'-' * (width + 2)}+"
left = (width - len(text)) // 2
print(rim, f"| {' ' * left}{text:{width - left}} |", rim, sep="\n")
