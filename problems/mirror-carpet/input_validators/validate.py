"""One line of letters."""
import re
import sys

sys.exit(42 if re.fullmatch("[a-z]{1,100000}\n", sys.stdin.read()) else 43)
