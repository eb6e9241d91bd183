width, text = int(input()), input()
rim = f"+{'-' * (width + 2)}+"
left = (width - len(text)) // 2
print(rim, f"| {' ' * left}{text:{width - left}} |", rim, sep="\n")
