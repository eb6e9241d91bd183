"""Uses no time, but never ends where the sum is negative."""
import time

a, b = map(int, input().split())
while a + b < 0:
    time.sleep(1)
print(a + b)
