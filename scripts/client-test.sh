#!/usr/bin/env bash
# The npm package in client/: installed as its lockfile says, linted, type-checked, and tested against itself and a real server.
# HERALD_TEST_BIN names the server's program (default: the workspace's debug build).
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/target/tools/node_modules/node/bin:$PATH" # there only where the system's own would not do
HERALD_TEST_BIN=$(realpath "${HERALD_TEST_BIN:-target/debug/herald}")
export HERALD_TEST_BIN
cd client
if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi
npm run --silent lint
npm run --silent types
NO_COLOR=1 npm test --silent
