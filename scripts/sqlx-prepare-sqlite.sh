#!/usr/bin/env bash
# Regenerates adapters/store-sqlite/.sqlx, what the checked statements of the SQLite store are compiled against where there is
# no database.
#   scripts/sqlx-prepare-sqlite.sh           writes it anew
#   scripts/sqlx-prepare-sqlite.sh --check   changes nothing; exit 1 if what is committed is not what would be written
# Needs python3 (its sqlite3 module makes the database that the statements are checked against).
set -euo pipefail
cd "$(dirname "$0")/.."
case ${1:-} in "" | --check) ;; *) echo "usage: $0 [--check]" >&2; exit 64 ;; esac
store=adapters/store-sqlite
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/sqlx"

python3 - "$tmp/checked.db" migrations/sqlite/*.sql << 'PY'
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
for migration in sys.argv[2:]:
    database.executescript(open(migration, encoding="utf-8").read())
PY

touch "$store/src/lib.rs" # the macros write only while they are expanded
SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$tmp/sqlx" HERALD_SQLITE_DATABASE_URL="sqlite:$tmp/checked.db" \
  cargo check --quiet -p herald-store-sqlite --lib

if [ "${1:-}" = --check ]; then
  if ! diff -r "$store/.sqlx" "$tmp/sqlx"; then
    echo "$store/.sqlx does not fit its statements or migrations: run scripts/sqlx-prepare-sqlite.sh and commit the result" >&2
    exit 1
  fi
  echo "$store/.sqlx is up to date ($(find "$tmp/sqlx" -name 'query-*.json' | wc -l) statements)"
else
  rm -rf "$store/.sqlx"; cp -r "$tmp/sqlx" "$store/.sqlx"
  echo "wrote $(find "$store/.sqlx" -name 'query-*.json' | wc -l) statements to $store/.sqlx"
fi
