#!/usr/bin/env bash
# Builds web/ into web/dist, which the program is compiled with; nothing if it is up to date. Without Node the first page
# (examples/plain) is what is served, and nothing fails.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/target/tools/node_modules/node/bin:$PATH" # there only where the system's own would not do
LEAST=20.19

if ! command -v npm > /dev/null || ! node -e '
    const [major, minor] = process.versions.node.split(".").map(Number), [least, part] = process.argv[1].split(".").map(Number);
    process.exit(major > least || (major === least && minor >= part) ? 0 : 1)' "$LEAST"; then
  echo "The page needs Node $LEAST or newer with npm (Debian: apt-get install nodejs npm; else https://nodejs.org)." \
    "Building with the first page alone." >&2
  exit 0
fi
sources=(web/src web/public web/index.html web/package.json web/package-lock.json web/tsconfig.json web/vite.config.ts client/src)
if [ -f web/dist/index.html ] && [ -z "$(find "${sources[@]}" -newer web/dist/index.html -print -quit)" ]; then exit 0; fi
echo "building the page" >&2
cd web
if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi
npm run --silent build
