"""Fails where the sum does not fit into 32 bits."""
a, b = map(int, input().split())
(a + b).to_bytes(4, "big", signed=True)
print(a + b)
