print("Here it comes:")
print("Hello, World!")
