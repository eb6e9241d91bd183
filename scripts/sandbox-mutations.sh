#!/usr/bin/env bash
# Turns each layer of the sandbox off, one at a time, in a copy of this checkout, and shows which tests notice: a layer that
# nothing notices is not tested. As root; about half a minute for each layer.
# Prints the rows of the table in docs/SECURITY.md; exits 1 if a layer was missed by every test.
#   scripts/sandbox-mutations.sh [PART OF A NAME…]
#   HERALD_MUTATIONS_TARGET   a target folder to build in (default: a fresh one)
# The copy is built once, with a switch in front of every layer that a file throws. The launcher's refusal to start without a
# layer is off in it, so that the tests themselves have the word. Never are network namespace, Landlock and filter off together.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "sandbox-mutations needs root: what it compares is the sandbox with a user for each slot" >&2; exit 69; }
wanted=("${@:-}")
work=$(mktemp -d "${TMPDIR:-/tmp}/herald-mutations-XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 0755 "$work"
export CARGO_TARGET_DIR=${HERALD_MUTATIONS_TARGET:-$work/target} HERALD_MUTATION=$work/off
TESTS=(every_layer self_attack attacks:: environment_is three_descriptors a_c_program only_plain_files folders_left)
PATIENCE=300
names=()

change() { # FILE PERL: a change that changes nothing is an error of this script
  local file=$work/herald/sandbox/src/$1 before
  before=$(sha256sum < "$file")
  perl -0pi -e "$2" "$file"
  [ "$(sha256sum < "$file")" != "$before" ] || { echo "the switch does not fit $1 any more: $2" >&2; exit 1; }
}
switch() { # NAME [FILE PERL]…; OFF in the change is true while the layer is off
  names+=("$1")
  local off="crate::sys::off(\"$1\")"
  shift
  while [ $# -gt 0 ]; do change "$1" "${2//OFF/$off}"; shift 2; done
}

mkdir "$work/herald"
git ls-files -z --cached --others --exclude-standard | tar --null --ignore-failed-read -T - -cf - 2> /dev/null | tar -C "$work/herald" -xf -
cat >> "$work/herald/sandbox/src/sys.rs" << 'RUST'

/// Whether this layer is off. First asked by the launcher while it still sees the file; its children inherit the answer.
pub fn off(layer: &str) -> bool {
    static OFF: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    OFF.get_or_init(|| std::fs::read_to_string(env!("HERALD_MUTATION")).unwrap_or_default()) == layer
}
RUST
change launcher.rs 's/(pub fn main\(\) -> ! \{)/$1 crate::sys::off("");/'
change client.rs 's/const INDISPENSABLE: \[&str; 3\] = \["namespaces", "seccomp", "no_new_privs"\]/const INDISPENSABLE: [&str; 0] = []/'

switch "nothing, for comparison"
switch "pid namespace" sys.rs 's/let mut flags = libc::CLONE_NEWPID/let mut flags = (if OFF { 0 } else { libc::CLONE_NEWPID })/'
switch "network namespace" launcher/network.rs 's/(pub fn enter\([^{]*\{)/$1 if OFF { return Ok(()); }/'
switch "ipc namespace" launcher/child.rs 's/sys::unshare\(sys::NEW_SURROUNDINGS/sys::unshare(sys::NEW_SURROUNDINGS & !(if OFF { libc::CLONE_NEWIPC } else { 0 })/'
switch "uts namespace" launcher/child.rs 's/sys::unshare\(sys::NEW_SURROUNDINGS/sys::unshare(sys::NEW_SURROUNDINGS & !(if OFF { libc::CLONE_NEWUTS } else { 0 })/' \
  launcher/jail.rs 's/(rustix::system::sethostname\(b"box"\)\.map_err[^;]*;)/if !OFF { $1 }/'
switch "cgroup namespace" launcher/child.rs 's/(sys::unshare\(sys::NEW_CGROUP\)\.map_err[^;]*;)/if !OFF { $1 }/'
switch "read-only root" launcher/jail.rs 's/ATTR_RDONLY (\| ATTR_NOSUID \| ATTR_NODEV, false)/(if OFF { 0 } else { ATTR_RDONLY }) $1/'
switch "the old root is forgotten" launcher/jail.rs 's/(forget_old_root\(\)\.map_err[^;]*;)/if !OFF { $1 }/'
switch "proc: subset and hidepid" launcher/jail.rs 's/c"hidepid=invisible,subset=pid"/if OFF { c"" } else { c"hidepid=invisible,subset=pid" }/'
switch "a user for each slot, no capabilities" launcher/identity.rs 's/(pub fn drop_rights\([^{]*\{)/$1 if OFF { return Ok(()); }/'
switch "no_new_privs" launcher/child.rs 's/(rustix::thread::set_no_new_privs\(true\)\.map_err[^;]*;)/if !OFF { $1 }/' \
  launcher/landlocked.rs 's/rules\.restrict_self\(\)/rules.set_no_new_privs(!OFF).restrict_self()/'
switch "Landlock" launcher/landlocked.rs 's/(pub fn restrict\([^{]*\{)/$1 if OFF { return false; }/'
switch "seccomp" launcher/child.rs 's/(sys::install_seccomp\(ground\.filter\(launch\.writable\)\)\.map_err[^;]*;)/if !OFF { $1 }/'
switch "resource limits" launcher/orders.rs 's/(fn set_limits\([^{]*\{)/$1 if OFF { return Ok(()); }/'
switch "cgroup" launcher/ground.rs 's/let cgroups = place\.and_then/let place = if OFF { Err("mutated".to_owned()) } else { place }; let cgroups = place.and_then/'
switch "environment of its own" launcher/orders.rs 's/(let mut command = Command::new\(executable\);)(.*?)(let error = command\.exec)/$1$2 if OFF { command.env("HERALD_LEAK", "1"); } $3/s'
switch "no descriptor but three" launcher/orders.rs 's/(let mut command = Command::new\(executable\);)/$1 if OFF { let _ = rustix::io::dup(sys::inherited(0)).map(std::mem::forget); }/'
switch "files leave the box by openat2 only" launcher/reader.rs 's/\bWITHIN\)/if OFF { ResolveFlags::empty() } else { WITHIN })/g'

(cd "$work/herald" && cargo test -q -p herald-sandbox --test it --no-run)
binary=$(cd "$work/herald" && cargo test -q -p herald-sandbox --test it --no-run --message-format=json 2> /dev/null \
  | jq -r 'select(.executable != null and .target.name == "it") | .executable' | tail -1)

missed=0
echo '| layer turned off | tests that fail | the first of them |'
echo '|---|---|---|'
for name in "${names[@]}"; do
  asked=0
  for part in "${wanted[@]}"; do [[ $name != *"$part"* ]] || asked=1; done
  [ "$asked" = 1 ] || continue
  printf '%s' "$name" > "$HERALD_MUTATION"
  # In a pid namespace of its own: what outlives its run because a layer is off ends with the tests.
  timeout --kill-after 5 "$PATIENCE" unshare --pid --fork --kill-child --mount-proc "$binary" --as-container "${TESTS[@]}" > "$work/log" 2>&1 || true
  failed=$(sed -n 's/^test container::it::\(.*\) \.\.\. FAILED$/`\1`/p' "$work/log" | sort)
  count=$(grep -c . <<< "$failed" || true)
  if grep -aq 'the sandbox starts: ' "$work/log"; then
    count=all
    failed="nothing runs: $(grep -a -m1 -o 'the sandbox starts: .*' "$work/log" | sed 's/the sandbox starts: //' | cut -c1-110)"
  elif ! grep -aq '^test result: ' "$work/log"; then
    count=all
    failed="the tests do not come to an end: $(grep -av '^$' "$work/log" | tail -1 | cut -c1-110)"
  elif [ -z "$failed" ]; then
    failed='none'
    [[ $name = nothing* ]] || missed=1
  fi
  printf '| %s | %s | %s |\n' "$name" "$count" "$(head -4 <<< "$failed" | paste -sd, | sed 's/`,`/`, `/g')"
done
exit "$missed"
