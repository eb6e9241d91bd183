# Sourced: `step TITLE COMMAND…` runs a command under a heading, with its time; a failure ends the script and says how to
# repeat what failed.
step() {
  local title=$1 began=$SECONDS; shift
  printf '\n== %s\n' "$title"
  if ! "$@"; then
    printf '\n== %s FAILED after %s s\nto repeat it: %s%s\n' "$title" "$((SECONDS - began))" "${REPEAT_PREFIX:-}" "$*" >&2
    exit 1
  fi
  printf -- '-- %s: %s s\n' "$title" "$((SECONDS - began))"
}
