#!/usr/bin/env bash
# The fault tests of real processes with their full counts (make test runs a few rounds of each), and what they print.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/step.sh
scripts/install-test-tools.sh
servers=$(mktemp -d "${TMPDIR:-/tmp}/herald-soak-XXXXXX")
trap 'scripts/test-servers.sh stop "$servers" || true; rm -rf "$servers"' EXIT
scripts/test-servers.sh start "$servers" > /dev/null
. "$servers/env"
step "fault tests, full counts" env HERALD_TEST_SOAK=1 cargo test --release -p herald --test processes -- --nocapture --test-threads=1
