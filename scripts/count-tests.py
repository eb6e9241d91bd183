#!/usr/bin/env python3
"""Counts tests by the backend that they ran against, and prints a closing line.

count-tests.py FOLDER: holds what was printed by `cargo test --no-run --message-format=json` (build), `cargo test` (tests), the
browser tests (browser, page), scripts/examples-test.sh (examples), scripts/client-test.sh (client) and scripts/web-test.sh (web).
A backend that no test ran against is a failure: a suite that could not run must not look like success.
"""
import json
import re
import sys

EMBEDDED = "SQLite + in-process"
FLEET = "PostgreSQL + RabbitMQ"
NEITHER = "without a store or broker"
PACKAGES = {
    "herald-store-sqlite": EMBEDDED,
    "herald-broker-memory": EMBEDDED,
    "herald-store-postgres": FLEET,
    "herald-broker-rabbitmq": FLEET,
}
# Their integration tests run over the embedded adapters, unless a name says otherwise.
ON_EMBEDDED = {"herald-api", "herald-notifier", "herald-pipeline", "herald-push"}


def backend(package, kind, test):
    """By the package, else by the words in the test's name (`…::up` is `herald up`, `…::fleet` a fleet of processes)."""
    if package in PACKAGES:
        return PACKAGES[package]
    if re.search(r"postgres|rabbit|fleet", test):
        return FLEET
    embedded = kind == "test" and package in ON_EMBEDDED
    return EMBEDDED if embedded or re.search(r"sqlite|\bup\b", test) else NEITHER


def packages(build):
    """Package and kind of each test program, by the program's file name."""
    found = {}
    for line in build:
        message = json.loads(line) if line.startswith("{") else {}
        if message.get("executable") and message["profile"]["test"]:
            # …/adapters/store-sqlite#herald-store-sqlite@0.1.0, or …/herald#0.1.0 where folder and package are named alike
            name = re.search(r"[#/]([a-z0-9-]+)[@#][\d.]+$", message["package_id"])
            found[message["executable"].rsplit("/", 1)[-1]] = (name.group(1), message["target"]["kind"][0])
    return found


def count(tests, package_of):
    counts = {EMBEDDED: [0, 0], FLEET: [0, 0], NEITHER: [0, 0]}
    package, kind = "", ""
    for line in tests:
        if running := re.match(r"\s+Running .*\((?:.*/)?([^/)]+)\)", line):
            package, kind = package_of[running.group(1)]
        elif "Doc-tests" in line:
            package, kind = "", "doc"
        elif result := re.match(r"test (\S+).* \.\.\. (ok|FAILED)$", line):
            counts[backend(package, kind, result.group(1))][result.group(2) != "ok"] += 1
    return counts


def count_vitest(said, counts):
    """Vitest's line for each file that passed; what is real, and the examples, drive `herald up`."""
    for name, passed in re.findall(r"✓ (\S+) \((\d+) tests?\)", said):
        counts[EMBEDDED if re.search(r"real|readme", name) else NEITHER][0] += int(passed)


def main(folder):
    names = ("build", "tests", "browser", "page", "examples", "client", "web")
    said = {name: open(f"{folder}/{name}", encoding="utf-8", errors="replace") for name in names}
    counts = count(said["tests"], packages(said["build"]))
    for name in ("browser", "page", "examples"):  # these drive `herald up`
        counts[EMBEDDED][0] += int(re.search(rf"^{name}: (\d+) passed", said[name].read(), re.M).group(1))
    for name in ("client", "web"):
        count_vitest(said[name].read(), counts)
    for name, (passed, failed) in counts.items():
        print(f"{name}: {passed} passed, {failed} failed")
    idle = [name for name in (EMBEDDED, FLEET) if not counts[name][0]]
    for name in idle:
        print(f"no test ran against {name}", file=sys.stderr)
    passed, failed = (sum(column) for column in zip(*counts.values()))
    print(f"{passed} passed, {failed + len(idle)} failed")
    return 1 if failed or idle else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
