#!/usr/bin/env bash
# The page in web/: installed as its lockfile says, linted, type-checked, tested, built, and seen to keep to its bounds.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/target/tools/node_modules/node/bin:$PATH" # there only where the system's own would not do
cd web
if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi
npm run --silent check
NO_COLOR=1 npm test --silent
npm run --silent build
