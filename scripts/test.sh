#!/usr/bin/env bash
# Everything that has to be true before a change is merged. Installs what is missing (as root, on Debian), starts a PostgreSQL
# and a RabbitMQ of its own unless HERALD_TEST_STORE_URL and HERALD_TEST_BROKER_URL name some, and stops at the first failure.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/step.sh
began=$SECONDS

step "tools" scripts/install-test-tools.sh
PATH="$PWD/target/tools/node_modules/node/bin:$PATH" # there only where the system's own would not do
if [ -z "${HERALD_TEST_STORE_URL:-}" ] || [ -z "${HERALD_TEST_BROKER_URL:-}" ]; then
  servers=$(mktemp -d "${TMPDIR:-/tmp}/herald-test-XXXXXX")
  trap 'scripts/test-servers.sh stop "$servers" || true; rm -rf "$servers"' EXIT
  step "servers" scripts/test-servers.sh start "$servers"
  . "$servers/env"
  REPEAT_PREFIX='scripts/test-servers.sh start DIR; . DIR/env; '
fi

scripts/lint.sh
step "problem packages" target/tools/venv/bin/python scripts/verify-problems/verify.py

results=$(mktemp -d "${TMPDIR:-/tmp}/herald-results-XXXXXX")
tests() { # --no-fail-fast: one run shows all that is broken; --all-targets: all but examples in docs, of which lint.sh allows none
  cargo test --workspace --all-targets --no-fail-fast 2>&1 | tee "$results/tests"
}
browser() {
  env HERALD_TEST_BIN="$PWD/target/debug/herald" node tests/browser/run.mjs 2>&1 | tee "$results/browser"
}
page() {
  env HERALD_TEST_BIN="$PWD/target/debug/herald" scripts/page-test.sh 2>&1 | tee "$results/page"
}
web() {
  scripts/web-test.sh 2>&1 | tee "$results/web"
}
client() {
  scripts/client-test.sh 2>&1 | tee "$results/client"
}
examples() {
  scripts/examples-test.sh 2>&1 | tee "$results/examples"
}
step "page" web
step "build of the tests" cargo test --workspace --all-targets --no-run --quiet
cargo test --workspace --all-targets --no-run --quiet --message-format=json > "$results/build" 2> /dev/null
step "client" client
step "tests" tests
step "browser" browser
step "page in a browser" page
step "examples" examples
printf '\n== all of it: %s s\n' "$((SECONDS - began))"
scripts/count-tests.py "$results"
rm -rf "$results"
