#!/usr/bin/env bash
# Starts collector and local agent on data under ./var and stays in the foreground; Ctrl-C stops both. `./dev run` builds
# first and calls this. LISTEN or --listen chooses the address; VAR another place for the data.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
umask 077

bin=build/release/bin
var=${VAR:-$PWD/var}
listen=${LISTEN:-127.0.0.1:8443}
while [ $# -gt 0 ]; do
  case $1 in
    --listen) listen=${2:?--listen needs ADDRESS:PORT}; shift 2 ;;
    --listen=*) listen=${1#--listen=}; shift ;;
    *) printf 'run: "%s" is not known; allowed: --listen ADDRESS:PORT\n' "$1" >&2; exit 2 ;;
  esac
done
data=$var/server state=$var/agent login=$var/first-login
mkdir -p "$var"

server() { "$bin/vedette-server" "$@" --data "$data"; }
say() { printf '\033[1m%s\033[0m\n' "$*"; }

pids=()
stop() {
  trap - EXIT INT TERM
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
  wait || true
}
trap stop EXIT
trap 'exit 0' INT TERM

# Each program's lines with its name before them, without journald's <N>. The program itself, not the filter, is in $!.
start() {
  local name=$1
  shift
  "$@" > >(exec sed -u "s/^<[0-9]>//; s/^/$name  /") 2>&1 &
  pids+=($!)
}

# The collector outlives Ctrl-C's SIGINT to the whole group only as long as stop() needs: both handle it the same way.
start collector "$bin/vedette-server" run --data "$data" --listen "$listen" --dashboard "$PWD/dashboard/dist"
collector=${pids[0]}
ready() { [ -S "$data/control.sock" ] && server pin >/dev/null 2>&1; }
until ready; do
  if ! kill -0 "$collector" 2>/dev/null; then
    wait "$collector" || code=$?
    sleep 0.2 # its last line is still on the way through the filter
    printf 'run: the collector did not start (%s); its last line says why. Another address: ./dev run --listen 127.0.0.1:9443\n' "${code:-0}" >&2
    exit 1
  fi
  sleep 0.1
done

if [ ! -s "$login" ]; then
  password=$(head -c 15 /dev/urandom | base64 | tr '+/' '-_')
  printf '%s\n' "$password" | server user add admin --role administrator --password-stdin >/dev/null
  printf 'user: admin\npassword: %s\n' "$password" >"$login"
fi

address=$listen
case $address in 0.0.0.0:* | '[::]':*) address=localhost:${address##*:} ;; esac
url=https://$address
pin=$(server pin | tail -n 1)
if [ ! -d "$state" ] || [ -z "$(ls -A "$state")" ]; then
  "$bin/vedette-agent" enroll "$url" --token "$(server token create | tail -n 1)" --ca-pin "$pin" --state "$state" >/dev/null
fi
start agent "$bin/vedette-agent" run --state "$state"

say "
  Page      $url   (the certificate is the collector's own: the browser asks once)
  Sign in   $(sed -n 's/^user: //p' "$login")  $(sed -n 's/^password: //p' "$login")   (kept in ${login#"$PWD"/})
  CA pin    $pin
  Ctrl-C stops collector and agent; the data stays in ${var#"$PWD"/}.
"
wait -n "${pids[@]}" || true
printf 'run: one of the two programs has ended; its last line says why\n' >&2
exit 1
