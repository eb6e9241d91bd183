"""The input is empty."""
import sys

sys.exit(42 if sys.stdin.buffer.read() == b"" else 43)
