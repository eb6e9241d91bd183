#!/usr/bin/env bash
# Drives the built page in a browser: page-test.sh [SCRIPT] runs tests/browser/SCRIPT (default: page.mjs, its tests).
# HERALD_TEST_BIN names the server's program, with the page in it (default: the workspace's debug build, which is renewed).
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/target/tools/node_modules/node/bin:$PATH" # there only where the system's own would not do
if [ -z "${HERALD_TEST_BIN:-}" ]; then
  scripts/build-page.sh
  cargo build --quiet --locked --package herald --bin herald
fi
HERALD_TEST_BIN=$(realpath "${HERALD_TEST_BIN:-target/debug/herald}")
export HERALD_TEST_BIN
(
  cd tests/browser
  if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    touch node_modules/.package-lock.json
  fi
)
node "tests/browser/${1:-page.mjs}"
