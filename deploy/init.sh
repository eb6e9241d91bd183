#!/bin/sh
# Makes what must be secret and must exist before anything else starts: the passwords of PostgreSQL and RabbitMQ, and the first
# admin key. Once made they are never changed by this script. Runs to its end and exits.
#   herald-init        makes what is missing and says where the key lies
#   herald-init key    prints the admin key
set -eu
umask 022
secrets=/run/herald/secrets # for the servers
keys=/run/herald/keys       # for the one who runs them

if [ "${1:-}" = key ]; then
  cat "$keys/admin.key"
  exit
fi

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
make() { # FILE MODE TEXT: whole or not at all, and only if it is not there
  [ -s "$1" ] && return
  printf '%s\n' "$3" > "$1.new"
  chmod "$2" "$1.new"
  mv "$1.new" "$1"
}

# Readable by every user of the containers that mount the folder: each server runs as a user of its own.
make "$secrets/store.password" 0444 "$(random)"
make "$secrets/broker.password" 0444 "$(random)"
make "$secrets/store.url" 0444 "postgres://herald:$(cat "$secrets/store.password")@postgres:5432/herald"
make "$secrets/broker.url" 0444 "amqp://herald:$(cat "$secrets/broker.password")@rabbitmq:5672/%2f"
make "$keys/admin.key" 0400 "hk_$(random)"

echo "The first admin key lies in the volume 'keys', file admin.key. To see it: docker compose run --rm init key"
