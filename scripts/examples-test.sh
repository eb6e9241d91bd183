#!/usr/bin/env bash
# The examples: installed as their lockfiles say, with the client as it is now, then built, started and used like a reader would.
# HERALD_TEST_BIN names the server's program (default: the workspace's debug build).
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/target/tools/node_modules/node/bin:$PATH" # there only where the system's own would not do
HERALD_TEST_BIN=$(realpath "${HERALD_TEST_BIN:-target/debug/herald}")
export HERALD_TEST_BIN

install() ( # FOLDER: what its lockfile names, if that is newer than what is there
  cd "$1"
  if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    touch node_modules/.package-lock.json
  fi
)

install client
install tests/browser
(cd client && npm run --silent build)
for example in examples/react examples/next; do
  # They have a copy of the client, which may be of another day.
  diff -rq client/dist "$example/node_modules/herald-client/dist" > /dev/null 2>&1 || rm -rf "$example/node_modules"
  install "$example"
done
venv=target/tools/example-python
if ! cmp -s examples/python/requirements.txt "$venv/requirements.txt"; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check -r examples/python/requirements.txt
  cp examples/python/requirements.txt "$venv/"
fi
git ls-files examples/react examples/next examples/node | grep -E '\.(m?js|jsx|tsx)$' |
  xargs client/node_modules/.bin/biome check --error-on-warnings --config-path=client/biome.json
node tests/browser/examples.mjs
