#!/usr/bin/env bash
# Starts collector and local agent on data under ./var and stays in the foreground; Ctrl-C stops both. `./dev run` builds
# first and calls this. LISTEN or --listen chooses the address; VAR another place for the data; BIN another build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
umask 077

bin=${BIN:-build/release/bin}
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

pids=() filters=()
# Ctrl-C reaches the whole group, so both programs are stopping already. A second one must not end us before them.
stop() {
  trap '' INT TERM
  trap - EXIT
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do timeout 20 tail --pid="$pid" -s 0.05 -f /dev/null || kill -9 "$pid" || true; done
  for pid in "${filters[@]}"; do wait "$pid" || true; done
}
trap stop EXIT
trap 'exit 0' INT TERM

# Each program's lines with its name before them, without journald's <N>, and with our option for the configuration's key.
# The filter outlives Ctrl-C to show the last ones.
start() {
  local name=$1 lines
  shift
  exec {lines}> >(trap '' INT TERM; exec sed -u "s/^<[0-9]>//; s/^/$name  /; s/ another \[server\] listen/ another with --listen/")
  filters+=($!)
  "$@" >&"$lines" 2>&1 {lines}>&- &
  pids+=($!)
  exec {lines}>&-
}

# Killed hard, a collector leaves its socket; `pin` would find nobody behind it and take the data's lock before the new
# collector does. A running one holds the lock.
if [ -e "$data/lock" ]; then
  code=0
  flock -w 2 -E 75 "$data/lock" rm -f "$data/control.sock" || code=$?
  if [ "$code" = 75 ]; then
    printf 'run: another vedette-server uses %s; stop it, or choose another place with VAR\n' "${data#"$PWD"/}" >&2
    exit 1
  fi
fi
start collector "$bin/vedette-server" run --data "$data" --listen "$listen" --dashboard "$PWD/dashboard/dist"
collector=${pids[0]}
ready() { [ -S "$data/control.sock" ] && server pin >/dev/null 2>&1; }
until ready; do
  if ! kill -0 "$collector" 2>/dev/null; then
    wait "$collector" && code=1 || code=$?
    [ "$code" -lt 128 ] || printf 'run: the collector was killed by signal %s while it started\n' $((code - 128)) >&2
    exit "$code" # otherwise its own last line says why
  fi
  sleep 0.1
done

if [ ! -s "$login" ]; then
  password=$(head -c 15 /dev/urandom | base64 | tr '+/' '-_')
  if answer=$(printf '%s\n' "$password" | server user add admin --role administrator --password-stdin 2>&1); then
    printf 'user: admin\npassword: %s\n' "$password" >"$login"
  elif [[ $answer != *already* ]]; then
    printf 'run: no administrator could be added: %s\n' "$answer" >&2
    exit 1
  fi
fi
if [ -s "$login" ]; then
  sign_in="$(sed -n 's/^user: //p' "$login")  $(sed -n 's/^password: //p' "$login")   (kept in ${login#"$PWD"/})"
else
  sign_in="${login#"$PWD"/}, which held the first password, is gone. To add another administrator:
            $bin/vedette-server user add NAME --role administrator --password-stdin --data ${data#"$PWD"/}"
fi

address=$listen
case $address in 0.0.0.0:* | '[::]':*) address=localhost:${address##*:} ;; esac
url=https://$address
pin=$(server pin | tail -n 1)
# Enrolled at this very collector, the agent stays the host that it is and only learns a new address.
if grep -qsF "pin = \"$pin\"" "$state/agent.toml"; then
  sed -i "s|^url = .*|url = \"$url\"|" "$state/agent.toml"
else
  "$bin/vedette-agent" enroll "$url" --token "$(server token create | tail -n 1)" --ca-pin "$pin" --state "$state" >/dev/null
fi
start agent "$bin/vedette-agent" run --state "$state"

say "
  Page      $url   (the certificate is the collector's own: the browser asks once)
  Sign in   $sign_in
  CA pin    $pin
  Ctrl-C stops collector and agent; the data stays in ${var#"$PWD"/}.
"
wait -n "${pids[@]}" || true
printf 'run: one of the two programs has ended; its last line says why\n' >&2
exit 1
