#!/usr/bin/env bash
# Drives the built page in a browser: page-test.sh [SCRIPT] runs tests/browser/SCRIPT (default: page.mjs, its tests).
# HERALD_TEST_BIN names the server's program (default: the workspace's debug build).
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/target/tools/node_modules/node/bin:$PATH" # there only where the system's own would not do
HERALD_TEST_BIN=$(realpath "${HERALD_TEST_BIN:-target/debug/herald}")
export HERALD_TEST_BIN
for folder in web tests/browser; do
  (
    cd "$folder"
    if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
      npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
      touch node_modules/.package-lock.json
    fi
  )
done
[ -n "$(find web/dist/index.html -newer web/package.json 2> /dev/null)" ] || (cd web && npm run --silent build)
node "tests/browser/${1:-page.mjs}"
