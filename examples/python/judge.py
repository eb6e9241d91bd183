"""Hands a Python program in for a problem and watches it, step by step, to its verdict:

    python judge.py PROGRAM [PROBLEM]

HERALD_URL names the server, HERALD_TOKEN the key if it wants one. Exits 0 if the program is accepted, 1 if not, 2 if it was
refused."""

import json
import os
import sys
import time
from uuid import uuid4

import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

URL = os.environ.get("HERALD_URL", "http://127.0.0.1:8080")
KEY = os.environ.get("HERALD_TOKEN")


def submit(source, problem):
    """The server's answer; the idempotency key would make it safe to send it again."""
    headers = {"Idempotency-Key": str(uuid4())}
    if KEY:
        headers["Authorization"] = f"Bearer {KEY}"
    body = {"problem": problem, "language": "python", "source": source}
    return requests.post(f"{URL}/submit", json=body, headers=headers, timeout=30)


def watch(ws_url):
    """What each frame says of the submission until it has ended; after a cut it goes on from the last cursor."""
    cursor = None
    while True:
        try:
            with connect(f"{ws_url}&after={cursor}" if cursor else ws_url) as socket:
                for frame in map(json.loads, socket):
                    cursor = frame.get("cursor", cursor)
                    data = frame.get("data", {})
                    yield data
                    if data.get("status") in ("finished", "cancelled"):
                        return
        except InvalidStatus as refused:
            if refused.response.status_code < 500:
                raise
        except (OSError, ConnectionClosed):
            pass
        time.sleep(0.5)


def main(program, problem="a-plus-b"):
    with open(program, encoding="utf-8") as file:
        answer = submit(file.read(), problem)
    if not answer.ok:
        print(f"refused: {answer.text}", file=sys.stderr)
        return 2
    verdict = None
    for data in watch(answer.json()["ws_url"]):
        tests, verdict = data.get("tests", {}), data.get("verdict")
        run, total = tests.get("run", 0), tests.get("total") or "?"
        print(f"{data.get('status')}: {run} of {total} tests run, {verdict or 'no verdict yet'}", flush=True)
    return 0 if verdict == "accepted" else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
