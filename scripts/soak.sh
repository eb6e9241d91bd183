#!/usr/bin/env bash
# The fault tests of real processes with their full counts (make test runs a few rounds of each), and a table of what came of
# each round, of submissions and of money alike; it is printed whatever happened, and anything lost, doubled or failed is an
# error. HERALD_TEST_SEED=N draws the same faults again. Takes a while.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/step.sh
work=$(mktemp -d "${TMPDIR:-/tmp}/herald-soak-XXXXXX")
trap 'scripts/test-servers.sh stop "$work" || true; rm -rf "$work"' EXIT

# Every core is busy beside it; what keeps it so ends by itself, too.
under_load() {
  local busy=() ended=0
  for _ in $(seq "$(nproc)"); do timeout 7200 sh -c 'while :; do :; done' & busy+=($!); done
  "$@" || ended=$?
  kill "${busy[@]}"
  return "$ended"
}
verdict_table() {
  local run
  for run in $(seq 20); do
    printf 'run %s of 20: ' "$run"
    cargo test --quiet --package herald-worker --test it -- verdicts:: || return
  done
}

step "tools" scripts/install-test-tools.sh
step "servers" scripts/test-servers.sh start "$work"
. "$work/env"
export HERALD_TEST_SOAK=1 HERALD_TEST_TABLE=$work/table
failed=0
(step "fault tests, full counts" cargo test --package herald --test it processes:: -- --nocapture --test-threads=1) || failed=1
(step "sandbox, full counts" cargo test --package herald-sandbox --test it soak:: -- --nocapture) || failed=1
(step "verdict table, 20 runs on a busy machine" under_load verdict_table) || failed=1

printf '\n'
touch "$work/table"
{ printf 'fault\tround\taccepted\tverdicts\tlost\tdoubled\trecovery (s)\n'; cat "$work/table"; } | column -t -s "$(printf '\t')"
awk -F '\t' '{ lost += $5; doubled += $6 } END { printf "\n%d rounds, %d lost, %d doubled\n", NR, lost, doubled; exit NR == 0 || lost + doubled > 0 }' "$work/table" || failed=1
exit "$failed"
