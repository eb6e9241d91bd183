"""Thinks that signs are painted in capitals."""
width, text = int(input()), input().upper()
rim = f"+{'-' * (width + 2)}+"
left = (width - len(text)) // 2
print(rim, f"| {' ' * left}{text:{width - left}} |", rim, sep="\n")
