"""One line with two integers that fit, as does their sum."""
import re
import sys

NUMBER = r"(0|-?[1-9][0-9]{0,18})"
match = re.fullmatch(f"{NUMBER} {NUMBER}\n", sys.stdin.read())
if not match:
    sys.exit(43)
a, b = int(match[1]), int(match[2])
sys.exit(42 if all(-(2**63) <= value < 2**63 for value in (a, b, a + b)) else 43)
