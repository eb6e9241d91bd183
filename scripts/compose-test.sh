#!/usr/bin/env bash
# Runs the compose stack as a newcomer would, from a fresh copy of this checkout without an .env, and sees that it does what
# README.md says of it: comes up, judges, pushes, keeps, grows, survives a worker's death, stops and leaves nothing behind.
# Needs Docker, Compose v2 (2.26 or later), curl and jq. A stack that runs already is not touched: this one has a project name,
# images, volumes and a port of its own. The images stay, so that the next run is quick.
#   HERALD_PORT     port to use (default: a free one)
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/.."
project=herald-compose-test

for tool in docker curl jq git; do
  command -v "$tool" > /dev/null || { echo "compose-test needs docker with compose v2, curl, jq and git; $tool is missing" >&2; exit 69; }
done
docker compose version --short > /dev/null 2>&1 || { echo "compose-test needs compose v2 (docker compose)" >&2; exit 69; }
docker info > /dev/null 2>&1 || { echo "compose-test finds no docker daemon that it may use" >&2; exit 69; }

work=$(mktemp -d "${TMPDIR:-/tmp}/herald-compose-test-XXXXXX")
port=${HERALD_PORT:-}
free_port() { # one that nobody listens on; curl's exit code 7 is a refused connection
  local candidate refused
  for candidate in $(shuf -i 20000-29999 -n 20); do
    refused=0
    curl -s -o /dev/null "http://127.0.0.1:$candidate" || refused=$?
    if [ "$refused" = 7 ]; then echo "$candidate"; return; fi
  done
}
[ -n "$port" ] || port=$(free_port)
url=http://127.0.0.1:$port

# Nothing of the caller's environment that could configure the stack.
dc() { env -u COMPOSE_FILE -u COMPOSE_PROFILES -u COMPOSE_ENV_FILES HERALD_PORT="$port" docker compose -p "$project" "$@"; }
containers() { docker ps -aq --filter "label=com.docker.compose.project=$project" "$@"; }
of_service() { containers --filter "label=com.docker.compose.service=$1" "${@:2}"; }
fail() { echo "compose-test: $*" >&2; exit 1; }
expect() { [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"; } # WHAT EXPECTED GOT

clean_up() {
  local code=$?
  jobs -p | xargs -r kill 2> /dev/null || true
  docker rm -f "$project-receiver" > /dev/null 2>&1 || true
  if [ -d "$work/herald" ]; then
    cd "$work/herald"
    if [ "$code" != 0 ]; then (dc ps -a; dc logs --no-color --tail 40) >&2 || true; fi
    dc down -v --remove-orphans --timeout 5 > /dev/null 2>&1 || true
  fi
  cd /
  rm -rf "$work"
}
trap clean_up EXIT

# --- what a user does ---

fresh_copy() { # what a clone would have
  mkdir "$work/herald"
  git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
    if [ -e "$file" ]; then printf '%s\0' "$file"; fi
  done | tar --null -T - -cf - | tar -C "$work/herald" -xf -
  [ ! -e "$work/herald/.env" ] || fail "the checkout has an .env"
}
up() { # until all is healthy
  dc up --wait "$@" > "$work/up.log" 2>&1 || { tail -n 60 "$work/up.log" >&2; fail "docker compose up --wait $*"; }
}
find_key() {
  key=$(dc run --rm -T init key 2> "$work/init.log")
  [[ $key =~ ^hk_[0-9a-f]{64}$ ]] || fail "init key did not print a key alone"
}
call() { # METHOD PATH [BODY] [CURL OPTIONS…]: the body of the answer; an error status is a failure
  local method=$1 path=$2 body=${3:-}; shift 2; [ $# = 0 ] || shift
  [[ $path = http* ]] || path=$url$path
  curl -sS --fail-with-body --max-time 60 -X "$method" -H "Authorization: Bearer $key" \
    ${body:+-H "Content-Type: application/json" -d "$body"} "$@" "$path"
}
code_of() { curl -sS -o /dev/null -w '%{http_code}' --max-time 20 "$@"; }
submission() { # FILE LANGUAGE [PROBLEM]: the body of a POST
  jq -n --rawfile source "$1" --arg language "$2" --arg problem "${3:-}" \
    '{language: $language, source: $source} + (if $problem == "" then {} else {problem: $problem} end)'
}
follow_by_sse() { # EVENTS_URL: the frames up to the verdict, one a line
  local line
  exec 3< <(exec curl -sN --max-time 180 "$1")
  local curl=$!
  while IFS= read -r -u 3 line; do
    [[ $line = data:* ]] || continue
    line=${line#data:}
    printf '%s\n' "$line"
    if jq -e '.data.verdict // empty' <<< "$line" > /dev/null; then kill "$curl" 2> /dev/null || true; return; fi
  done
  echo "the stream ended before the verdict" >&2
  return 1
}
herald_client() { # herald's own client, outside the fleet's network: through the one port like everybody else
  docker run --rm -i --network host -e HERALD_URL="$url" -e HERALD_TOKEN="$key" "$project-server" "$@"
}

# --- what has to be true ---

only_port() {
  local published
  published=$(docker ps --filter "label=com.docker.compose.project=$project" --format '{{.Ports}}' | tr ',' '\n' | grep -e '->' | sort -u)
  expect "published ports" "127.0.0.1:$port->8080/tcp" "$(tr -d ' ' <<< "$published")"
  expect "port of the stack by default" 127.0.0.1:8080 \
    "$(env -u HERALD_PORT docker compose config --format json | jq -r '.services.balancer.ports[] | "\(.host_ip):\(.published)"')"
  [[ $(curl -sS -D "$work/headers" "$url/") = *'<html'* ]] || fail "no page at /"
  grep -qi '^content-type: text/html' "$work/headers" || fail "the page is not HTML"
  expect "POST without a key" 401 "$(code_of "$url/submit" -H 'Content-Type: application/json' -d '{"language":"c","source":"x"}')"
  expect "POST with a made-up key" 401 "$(code_of "$url/submit" -H "Authorization: Bearer hk_$(printf '0%.0s' {1..64})" \
    -H 'Content-Type: application/json' -d '{"language":"c","source":"x"}')"
  expect "metrics from outside" 404 "$(code_of "$url/metrics")"
}

judge_one() { # FILE LANGUAGE PROBLEM VERDICT: by SSE, then by GET
  local accepted frames offsets name=$3/$4/$2
  accepted=$(call POST /submit "$(submission "$1" "$2" "$3")")
  frames=$(follow_by_sse "$(jq -r .events_url <<< "$accepted")") || fail "$name: no verdict by SSE"
  expect "$name: first frame" snapshot "$(head -1 <<< "$frames" | jq -r .type)"
  expect "$name: pushed" "$4" "$(tail -1 <<< "$frames" | jq -r .data.verdict)"
  # From the snapshot on, offset by offset, each once.
  offsets=$(jq -r 'select(.type != "progress") | .offset' <<< "$frames")
  expect "$name: offsets" "$(seq "$(head -1 <<< "$offsets")" "$(tail -1 <<< "$offsets")")" "$offsets"
  expect "$name: GET" "$4" "$(call GET "$(jq -r .status_url <<< "$accepted")" | jq -r .verdict)"
  jq -r .id <<< "$accepted" >> "$work/ids"
}
judge_all() { # every language of the workers, right and wrong, two problems; and what has to be ended by force
  local language languages extension problem verdict file job jobs=()
  languages=$(call GET /languages | jq -r '.items[] | select(.available) | .id')
  for language in c cpp rust go java python javascript; do
    grep -qx "$language" <<< "$languages" || fail "no worker offers $language"
    case $language in rust) extension=rs ;; python) extension=py ;; javascript) extension=js ;; *) extension=$language ;; esac
    for problem in two-sum a-plus-b; do
      for verdict in accepted wrong_answer; do
        file=$(printf '%s\n' "problems/$problem/submissions/$verdict/"*".$extension" | head -1)
        judge_one "$file" "$language" "$problem" "$verdict" & jobs+=($!)
      done
    done
  done
  for file in endless.c asleep.py; do
    language=c; [ "$file" = endless.c ] || language=python
    judge_one "problems/a-plus-b/submissions/time_limit_exceeded/$file" "$language" a-plus-b time_limit_exceeded & jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job" || fail "a submission was not judged as it should be"; done
  expect "submissions judged" 30 "$(wc -l < "$work/ids")"
}
watch_by_websocket() {
  local steps code=0
  steps=$(herald_client submit - --language python --problem two-sum --watch < problems/two-sum/submissions/accepted/hash_map.py 2>&1) || fail "$steps"
  grep -q 'accepted' <<< "$steps" || fail "herald submit --watch: $steps"
  herald_client submit - --language c --problem two-sum --watch < problems/two-sum/submissions/wrong_answer/larger_first.c > /dev/null 2>&1 || code=$?
  expect "exit code of a wrong submission" 1 "$code"
}
push_is_prompt() { # nothing on the way keeps a frame back
  local table
  table=$(herald_client compare -n 10 --json)
  jq -c '.[]' <<< "$table"
  jq -e 'INDEX(.transport) as $by | [$by.sse, $by.websocket]
    | all(.requests == 1 and .median_ms * 3 < $by["poll-200ms"].median_ms)' <<< "$table" > /dev/null \
    || fail "push is late"
}
wait_by_long_poll() { # as few requests as it takes, none of them early
  local accepted status requests=0
  accepted=$(call POST /submit "$(submission problems/hello/submissions/accepted/hello.py python hello)")
  until status=$(call GET "$(jq -r .status_url <<< "$accepted")" '' -H 'Prefer: wait=20') && [ "$(jq -r .verdict <<< "$status")" != null ]; do
    requests=$((requests + 1)); [ "$requests" -lt 6 ] || fail "no verdict by long-poll"
  done
  expect "by long-poll" accepted "$(jq -r .verdict <<< "$status")"
}
RECEIVER='
import http.server, json

class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        print(json.dumps({"headers": {name.lower(): value for name, value in self.headers.items()}, "body": body}), flush=True)
        self.send_response(204)
        self.end_headers()
    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("", 8000), Receiver).serve_forever()
'
SIGNED='
import base64, hashlib, hmac, json, sys
secret = base64.b64decode(sys.argv[1].removeprefix("whsec_"))
for line in sys.stdin:
    call = json.loads(line)
    head = call["headers"]
    signed = ".".join([head["webhook-id"], head["webhook-timestamp"], call["body"]])
    mac = base64.b64encode(hmac.new(secret, signed.encode(), hashlib.sha256).digest()).decode()
    if "v1," + mac not in head["webhook-signature"].split():
        sys.exit("not signed with the secret: " + line)
    print(call["body"])
'
receive_webhooks() { # CURL OPTIONS…: a server of the payee's, in the stack's network, which only this test lets be called
  cat > docker-compose.override.yml << 'YAML'
services:
  api: { environment: { HERALD_WEBHOOK_ALLOW_PRIVATE: "1" } }
  webhook: { environment: { HERALD_WEBHOOK_ALLOW_PRIVATE: "1" } }
YAML
  up
  docker run -d --name "$project-receiver" --network "${project}_inside" --network-alias receiver \
    --label "com.docker.compose.project=$project" --entrypoint python3 "$project-worker" -c "$RECEIVER" > /dev/null
  secret=$(call POST /webhooks '{"url": "http://receiver:8000/hooks", "events": ["transfer.*"]}' "$@" | jq -r .secret)
  [[ $secret = whsec_* ]] || fail "the endpoint has no secret"
}
hang_up() {
  docker rm -f "$project-receiver" > /dev/null
  rm docker-compose.override.yml
  up
}
webhook_of() { # TRANSFER: what the receiver was sent of it; a call that is not signed is a failure
  docker logs "$project-receiver" 2> /dev/null | docker exec -i "$project-receiver" python3 -c "$SIGNED" "$secret" \
    | jq -c --arg id "$1" 'select(.data.id == $id) | [.type, .data.amount, .data.currency]'
}
mails_of() { # TRANSFER: to whom, with which amount, by Message-ID
  local party
  for party in payer payee; do
    dc exec -T mail sh -c "cat \$(grep -l '^Message-ID: <$1.$party@localhost>' /var/lib/herald/mail/*.eml)" | tr -d '\r' \
      | awk -v party="$party" '/^X-Recipient/ { n++ } /12\.50 INR/ { paid = 1 } END { print party, n, paid }'
  done
}
pay() { # five containers act on one payment, and wherever one looks it is the same to the paisa
  local steps id as_payee=(-H 'Herald-User: shopkeeper')
  receive_webhooks "${as_payee[@]}"
  call POST /accounts '{"handle": "payer", "currency": "INR", "kind": "user"}' > /dev/null
  call POST /accounts '{"handle": "payee", "currency": "INR", "kind": "merchant"}' "${as_payee[@]}" > /dev/null
  for account in payer rewards.inr; do
    call POST "/accounts/$account/fund" '{"amount": 100000}' -H "Idempotency-Key: fund-$account" > /dev/null
  done
  steps=$(herald_client pay --from payer --to payee --amount 12.50 --currency INR --watch 2>&1) || fail "herald pay --watch: $steps"
  id=$(call GET '/transactions?account=payee' '' "${as_payee[@]}" | jq -r '.items[] | select(.kind == "payment") | .id')
  for service in notification fraud statement rewards webhook; do
    grep -qE "^  $service +done" <<< "$steps" || fail "herald pay --watch does not show that $service is done: $steps"
  done
  expect "services of the payment" '["done","done","done","done","done"]' \
    "$(call GET "/transactions/$id" | jq -c '[.services[].status] | sort')"
  expect "money after the payment" '[98762,1250]' \
    "$( (call GET /accounts/payer; call GET /accounts/payee '' "${as_payee[@]}") | jq -cs '[.[].balance]')"
  expect "statement of the payer" '["reward",12,98762] ["payment",-1250,98750] ["funding",100000,100000]' \
    "$(call GET /accounts/payer/statement | jq -c '.items[] | [.kind, .amount, .balance]' | xargs -d '\n')"
  expect "mails of the payment" "payer 1 1 payee 1 1" "$(mails_of "$id" | xargs)"
  [[ $(call GET "/transactions/$id/receipt") = *'12.50 INR'* ]] || fail "no receipt of the payment"
  expect "webhook of the payment" '["transfer.completed",1250,"INR"]' "$(webhook_of "$id")"
  herald_client ledger check || fail "the ledger is not in order"
  hang_up
}
verdicts() { while read -r id; do call GET "/status/$id" | jq -c '[.id, .status, .verdict, .tests, .finished_at, .offset]'; done < "$work/ids"; }

keep() { # over down and up
  local before key_before=$key
  before=$(verdicts)
  dc down 2> /dev/null
  expect "containers after down" "" "$(containers)"
  up
  find_key
  expect "key after down and up" "$key_before" "$key"
  expect "submissions after down and up" "$before" "$(verdicts)"
  wait_by_long_poll
}

grow() { # in the words of README.md
  dc up -d --scale worker=4 --scale notifier=3 2> /dev/null
  up --scale worker=4 --scale notifier=3
  expect "workers" 4 "$(of_service worker -f status=running | wc -l)"
  expect "notifiers" 3 "$(of_service notifier -f status=running | wc -l)"
}
worker_dies() { # all slots of all workers busy, one worker is killed
  local slots slept ids id victim attempts deadline=$((SECONDS + 120))
  slots=$(($(of_service worker | wc -l) * $(dc exec -T worker nproc)))
  slept=$(jq -n '{language: "python", source: "import time; time.sleep(12); print(\"slept\")", limits: {wall_ms: 60000}}')
  ids=$(call POST /submissions/batch "$(jq -n --argjson one "$slept" --argjson n "$slots" '{submissions: [range($n) | $one]}')" | jq -r '.items[].id')
  until [ "$(for id in $ids; do call GET "/status/$id" | jq -r .status; done | grep -c running)" = "$slots" ]; do
    [ "$SECONDS" -lt "$deadline" ] || fail "the workers did not take $slots submissions at once"
  done
  victim=$(of_service worker | head -1)
  docker kill "$victim" > /dev/null
  attempts=$(for id in $ids; do
    until status=$(call GET "/status/$id" '' -H 'Prefer: wait=20') && [ "$(jq -r .status <<< "$status")" = finished ]; do
      [ "$SECONDS" -lt "$deadline" ] || fail "submission $id was never finished"
    done
    jq -r '"\(.verdict) \(.attempt) \(.stdout)"' <<< "$status"
  done)
  expect "done in the end" "$slots" "$(grep -c '^accepted . slept' <<< "$attempts")"
  grep -q '^accepted 2' <<< "$attempts" || fail "the killed worker was doing nothing: $attempts"
  expect "the killed worker" false "$(docker inspect -f '{{.State.Running}}' "$victim")"
  docker rm "$victim" > /dev/null
}

confined() {
  local id service status doctor wanted=$((1 << 21 | 1 << 7 | 1 << 6)) # SYS_ADMIN, SETUID, SETGID
  for id in $(containers); do
    expect "privileged $id" false "$(docker inspect -f '{{.HostConfig.Privileged}}' "$id")"
    service=$(docker inspect -f '{{index .Config.Labels "com.docker.compose.service"}}' "$id")
    case $service in postgres | rabbitmq) continue ;; esac
    expect "$service: what is dropped" '["ALL"]' "$(docker inspect -f '{{json .HostConfig.CapDrop}}' "$id")"
    expect "$service: read-only" true "$(docker inspect -f '{{.HostConfig.ReadonlyRootfs}}' "$id")"
    docker inspect -f '{{json .HostConfig.SecurityOpt}}' "$id" | grep -q no-new-privileges || fail "$service may gain privileges"
    case $service in
      worker) expect "worker: what is added" "SETGID SETUID SYS_ADMIN" \
        "$(docker inspect -f '{{json .HostConfig.CapAdd}}' "$id" | jq -r 'map(sub("^CAP_"; "")) | sort | join(" ")')" ;;
      *) expect "$service: user" 10001:10001 "$(docker inspect -f '{{.Config.User}}' "$id")"
        expect "$service: what is added" null "$(docker inspect -f '{{json .HostConfig.CapAdd}}' "$id")" ;;
    esac
  done
  status=$(dc exec -T worker sh -c 'cat /proc/1/status')
  expect "capabilities of the worker" "$(printf '%016x' "$wanted")" "$(awk '/^CapEff/ { print $2 }' <<< "$status")"
  expect "seccomp, no_new_privs of the worker" "2 1" "$(awk '/^Seccomp:/ { s = $2 } /^NoNewPrivs/ { n = $2 } END { print s, n }' <<< "$status")"
  # Every layer, cgroups among them, with these capabilities and no others; and a self-attack from inside.
  doctor=$(dc exec -T worker herald doctor --json 2> "$work/doctor.log") || fail "herald doctor in a worker: $doctor"
  expect "safe, ready" '[true,true]' "$(jq -c '[.safe, .ready]' <<< "$doctor")"
  expect "layers that are missing" '[]' "$(jq -c '[.checks[] | select(.section == "sandbox" and .standing == "off") | .name]' <<< "$doctor")"
  expect "memory is measured by" "cgroup_v$(jq .cgroup_version <<< "$doctor")" "$(jq -r .memory_source <<< "$doctor")"
  jq -e '[.checks[] | select(.section == "self_attack")] | length > 20 and all(.standing == "held")' <<< "$doctor" > /dev/null \
    || fail "the self-attack in a worker was not held: $doctor"
}
PROBE='
import os, socket, sys
found = [name for name in os.environ if name.startswith("HERALD")]
for path in ["/run/herald/secrets/store.url", "/run/secrets", "/run/herald", "/etc/shadow", "/var/lib", "/host", "/boxes", "/root"]:
    try:
        found.append(path + (" has " + str(os.listdir(path)) if os.path.isdir(path) else " reads " + open(path).read(8)))
    except OSError:
        pass
found += ["process " + pid for pid in os.listdir("/proc") if pid.isdigit() and int(pid) > 2]
for address in sys.stdin.read().split():
    host, port = address.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), 3).close()
        found.append("reaches " + address)
    except OSError:
        pass
print("\n".join(found) or "nothing")
'
programs_see_nothing() { # the same program sees a lot where it is not in a sandbox
  local addresses accepted status outside
  addresses="127.0.0.1:8080 postgres:5432 rabbitmq:5672 $(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}:5432' "$(of_service postgres)")"
  outside=$(dc exec -T worker python3 -c "$PROBE" <<< "$addresses")
  for what in 'HERALD_STORE_URL_FILE' '/run/herald/secrets/store.url reads postgres' 'reaches 127.0.0.1:8080' 'reaches postgres:5432'; do
    grep -qF "$what" <<< "$outside" || fail "the probe itself does not work, it lacks '$what': $outside"
  done
  accepted=$(call POST /submit "$(jq -n --arg source "$PROBE" --arg stdin "$addresses" '{language: "python", source: $source, stdin: $stdin}')")
  until status=$(call GET "$(jq -r .status_url <<< "$accepted")" '' -H 'Prefer: wait=20') && [ "$(jq -r .status <<< "$status")" = finished ]; do :; done
  expect "what a program sees" "nothing" "$(jq -r '.stdout // .stderr' <<< "$status")"
}

no_secret_leaks() {
  local secrets secret place
  secrets=$(dc run --rm -T --entrypoint sh init -c 'cat /run/herald/secrets/*.password /run/herald/keys/admin.key' 2> /dev/null)
  expect "secrets" 3 "$(wc -l <<< "$secrets")"
  dc config > "$work/config"
  dc logs --no-color > "$work/logs" 2>&1
  containers | xargs docker inspect > "$work/inspect"
  while read -r secret; do
    [ "${#secret}" -ge 64 ] || fail "a secret is short"
    for place in config logs inspect; do
      if grep -qF "$secret" "$work/$place"; then fail "docker compose $place shows a secret"; fi
    done
  done <<< "$secrets"
}
no_default_login() { # and the generated ones work, so that it is the password that is refused
  local psql='psql -w -h "$(hostname -i)" -U herald -d herald -c "select 1"' with='"$(cat /run/herald/secrets/%s.password)"'
  # shellcheck disable=SC2059
  dc exec -T postgres sh -c "PGPASSWORD=$(printf "$with" store) $psql" > /dev/null || fail "PostgreSQL refuses its password"
  ! dc exec -T postgres sh -c "PGPASSWORD=herald $psql" > /dev/null 2>&1 || fail "PostgreSQL takes a password that can be guessed"
  ! dc exec -T postgres sh -c "$psql" > /dev/null 2>&1 || fail "PostgreSQL wants no password"
  # shellcheck disable=SC2059
  dc exec -T rabbitmq sh -c "rabbitmqctl -q authenticate_user herald $(printf "$with" broker)" > /dev/null || fail "RabbitMQ refuses its password"
  ! dc exec -T rabbitmq rabbitmqctl -q authenticate_user guest guest > /dev/null 2>&1 || fail "RabbitMQ takes guest/guest"
}

stop_gracefully() { # with a stream that is open
  local id line accepted began=$SECONDS
  accepted=$(call POST /submit "$(submission problems/hello/submissions/accepted/hello.py python hello)")
  exec 4< <(exec curl -sN "$(jq -r .events_url <<< "$accepted")")
  IFS= read -r -u 4 line || fail "no stream to stop with"
  dc stop 2> /dev/null
  echo "stopped in $((SECONDS - began)) s"
  for id in $(containers); do
    expect "exit code of $(docker inspect -f '{{.Name}}' "$id")" 0 "$(docker inspect -f '{{.State.ExitCode}}' "$id")"
  done
}
leave_nothing() {
  dc down -v 2> /dev/null
  expect "containers left" "" "$(containers)"
  expect "volumes left" "" "$(docker volume ls -q --filter "label=com.docker.compose.project=$project")"
  expect "networks left" "" "$(docker network ls -q --filter "label=com.docker.compose.project=$project")"
}

part() { # TITLE FUNCTION ARGUMENTS…
  local title=$1 began=$SECONDS; shift
  printf '\n== %s\n' "$title"
  "$@"
  printf -- '-- %s: %s s\n' "$title" "$((SECONDS - began))"
}
part "a fresh copy" fresh_copy
cd "$work/herald"
part "build, and up until all is healthy" up --build
find_key
part "one port, a page, nothing without a key" only_port
part "right and wrong programs in every language, by SSE" judge_all
part "herald submit --watch, by WebSocket" watch_by_websocket
part "long-poll" wait_by_long_poll
part "payment" pay
part "push against polling" push_is_prompt
part "what the containers may do" confined
part "what a program sees" programs_see_nothing
part "no secret shows" no_secret_leaks
part "no default login" no_default_login
part "down and up: nothing is lost" keep
part "growing" grow
part "a worker is killed in mid-work" worker_dies
part "stop" stop_gracefully
part "down -v" leave_nothing
printf '\n== the compose stack does what it should: %s s\n' "$SECONDS"
