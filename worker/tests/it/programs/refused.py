import os
import socket

for name, attempt in [
    ("socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)),
    ("shadow", lambda: open("/etc/shadow")),
    ("home", lambda: os.listdir("/root")),
    ("box", lambda: open("/box/new", "w")),
    ("usr", lambda: open("/usr/new", "w")),
]:
    try:
        attempt()
        print(name, "possible")
    except OSError:
        print(name, "refused")
print(sorted(os.environ))
