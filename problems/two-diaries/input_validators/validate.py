"""Two lines of letters."""
import re
import sys

sys.exit(42 if re.fullmatch("[a-z]{1,8000}\n[a-z]{1,8000}\n", sys.stdin.read()) else 43)
