#!/usr/bin/env bash
# Measures against a PostgreSQL and a RabbitMQ of its own and prints ratios. On an idle machine, or not at all.
set -euo pipefail
cd "$(dirname "$0")/.."
servers=$(mktemp -d "${TMPDIR:-/tmp}/herald-bench-XXXXXX")
trap 'scripts/test-servers.sh stop "$servers" || true; rm -rf "$servers"' EXIT
cargo build --release --locked --package herald --package herald-bench
scripts/test-servers.sh start "$servers" > /dev/null
. "$servers/env"
target/release/herald-bench "$@"
