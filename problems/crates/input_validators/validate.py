"""An even number."""
import re
import sys

text = sys.stdin.read()
good = re.fullmatch("[1-9][0-9]{0,6}\n", text) and 4 <= int(text) <= 10**6 and int(text) % 2 == 0
sys.exit(42 if good else 43)
