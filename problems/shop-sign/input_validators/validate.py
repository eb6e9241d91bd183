"""The width, then the text."""
import re
import sys

text = sys.stdin.read()
if not re.fullmatch("[1-9][0-9]?\n[A-Za-z0-9](?:[A-Za-z0-9 ]*[A-Za-z0-9])?\n", text):
    sys.exit(43)
width, words = text.splitlines()
sys.exit(42 if int(width) <= 60 and len(words) <= int(width) else 43)
