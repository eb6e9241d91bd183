#!/usr/bin/env bash
# Checks every statement of the PostgreSQL store against a real server and writes what it learns to
# adapters/store-postgres/.sqlx, so that everybody else can build without one.
#   scripts/sqlx-prepare-postgres.sh            renew the folder
#   scripts/sqlx-prepare-postgres.sh --check    change nothing; exit 1 if the folder is out of date
# HERALD_TEST_STORE_URL names the server; a schema of its own is made there and dropped again. Needs psql.
set -euo pipefail
cd "$(dirname "$0")/.."
url=${HERALD_TEST_STORE_URL:?set it to a PostgreSQL server for tests, as scripts/test-servers.sh start DIR does}
crate=adapters/store-postgres
check=${1:-}
[ -z "$check" ] || [ "$check" = --check ] || { echo "usage: $0 [--check]" >&2; exit 64; }

schema="herald_prepare_$$"
fresh=$(mktemp -d)
query() { psql "$url" -X -q -v ON_ERROR_STOP=1 "$@"; }
clean_up() { query -c "set client_min_messages = warning; drop schema if exists $schema cascade" || true; rm -rf "$fresh"; }
trap clean_up EXIT

query -c "create schema $schema"
for migration in migrations/postgres/*.sql; do
  query --single-transaction -c "set search_path = $schema" -f "$migration"
done

separator='?'; case $url in *\?*) separator='&' ;; esac
touch "$crate/src/lib.rs" # the macros write only while they are expanded
SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$fresh \
  HERALD_POSTGRES_DATABASE_URL="$url${separator}options=-c%20search_path%3D$schema" \
  cargo check --quiet -p herald-store-postgres --lib
touch "$crate/src/lib.rs" # and the next build shall read the folder again

if [ "$check" = --check ]; then
  diff -r "$crate/.sqlx" "$fresh" && exit 0
  echo "$crate/.sqlx is out of date; run $0 and commit the folder" >&2
  exit 1
fi
mkdir -p "$crate/.sqlx"
rm -f "$crate"/.sqlx/query-*.json
cp "$fresh"/query-*.json "$crate/.sqlx/"
echo "$(ls "$crate/.sqlx" | wc -l) statements checked against $(query -At -c 'show server_version')"
