#!/usr/bin/env bash
# A PostgreSQL and a RabbitMQ of the tests' own: own folder, free ports, no password needed beyond the loopback.
#   scripts/test-servers.sh start DIR    starts both and writes DIR/env (source it: HERALD_TEST_STORE_URL, HERALD_TEST_BROKER_URL)
#   scripts/test-servers.sh stop DIR     stops both, by the process ids it wrote
# Needs the Debian packages postgresql and rabbitmq-server, and root (the servers run as their own users).
set -euo pipefail
cmd=${1:?start or stop}; mkdir -p "${2:?a folder}"; D=$(realpath "$2")
free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }
as() { local user=$1; shift; setpriv --reuid="$user" --regid="$user" --init-groups "$@"; }
PG=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1) || true
MQ=$(ls -d /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin 2>/dev/null | sort -V | tail -1) || true

start_postgres() {
  local port; port=$(free_port)
  mkdir -p "$D/pg"; chown postgres "$D/pg"; chmod 700 "$D/pg"
  as postgres "$PG/initdb" -U herald -A trust -E UTF8 --locale=C.UTF-8 -D "$D/pg/data" > "$D/pg.log" 2>&1
  as postgres "$PG/pg_ctl" -D "$D/pg/data" -l "$D/pg/log" -w \
    -o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='' -c max_connections=300" start >> "$D/pg.log" 2>&1
  head -1 "$D/pg/data/postmaster.pid" > "$D/pg.pid"
  "$PG/createdb" -h 127.0.0.1 -p "$port" -U herald herald
  echo "export HERALD_TEST_STORE_URL=postgres://herald@127.0.0.1:$port/herald" >> "$D/env"
}

mq_env() { # runs one of RabbitMQ's commands for our node
  local c=$1; shift
  as rabbitmq env -i PATH="$PATH" LANG=C.UTF-8 HOME="$D/mq" RABBITMQ_NODENAME="herald$MQ_PORT@localhost" \
    RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT="$MQ_PORT" RABBITMQ_DIST_PORT="$MQ_DIST" ERL_EPMD_ADDRESS=127.0.0.1 \
    RABBITMQ_MNESIA_BASE="$D/mq/mnesia" RABBITMQ_LOG_BASE="$D/mq/log" RABBITMQ_ENABLED_PLUGINS_FILE="$D/mq/plugins" \
    RABBITMQ_PID_FILE="$D/mq/pid" RABBITMQ_CONFIG_FILE="$D/mq/none" "$MQ/$c" "$@"
}

start_rabbitmq() {
  MQ_PORT=$(free_port); MQ_DIST=$(free_port)
  mkdir -p "$D/mq"; echo '[].' > "$D/mq/plugins"; echo "$MQ_PORT $MQ_DIST" > "$D/mq.ports"; chown -R rabbitmq "$D/mq"
  (cd /; mq_env rabbitmq-server > "$D/mq.out" 2>&1 < /dev/null & disown)
  for _ in $(seq 240); do
    if (exec 3<> "/dev/tcp/127.0.0.1/$MQ_PORT") 2> /dev/null && [ -s "$D/mq/pid" ]; then
      echo "export HERALD_TEST_BROKER_URL=amqp://127.0.0.1:$MQ_PORT/%2f HERALD_TEST_BROKER_DIR=$D" >> "$D/env"; return
    fi
    sleep 0.25
  done
  echo "RabbitMQ did not start; its last words:" >&2; tail -5 "$D/mq.out" >&2; exit 1
}

case $cmd in
  start)
    [ -n "$PG" ] || { echo "PostgreSQL is missing: apt-get install postgresql" >&2; exit 1; }
    [ -n "$MQ" ] || { echo "RabbitMQ is missing: apt-get install rabbitmq-server" >&2; exit 1; }
    [ "$(id -u)" = 0 ] || { echo "starting test servers needs root; or set HERALD_TEST_STORE_URL and HERALD_TEST_BROKER_URL" >&2; exit 1; }
    [ ! -e "$D/pg" ] || { echo "$D held servers before: remove it, or name another folder" >&2; exit 1; }
    chmod 755 "$D"; : > "$D/env"
    start_postgres; start_rabbitmq; cat "$D/env" ;;
  stop)
    if [ -s "$D/pg.pid" ]; then as postgres "$PG/pg_ctl" -D "$D/pg/data" -m immediate stop > /dev/null 2>&1 || true; fi
    if [ -s "$D/mq/pid" ]; then kill -9 "$(cat "$D/mq/pid")" 2> /dev/null || true; fi ;;
  ctl) shift 2; read -r MQ_PORT MQ_DIST < "$D/mq.ports"; cd /; mq_env rabbitmqctl -n "herald$MQ_PORT@localhost" "$@" ;;
  *) echo "start, stop or ctl" >&2; exit 64 ;;
esac
