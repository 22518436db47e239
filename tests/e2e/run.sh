#!/usr/bin/env bash
# Runs end-to-end tests in two network namespaces of their own: "watch" (collector, browser, the tests; 192.0.2.1) and
# "host" (the agent's machine; 192.0.2.2), joined by a veth pair that tests may cut.
#   run.sh BINARIES TEST.mjs ...      through sudo where the user isn't root
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
limit=${VEDETTE_TEST_TIMEOUT:-600000} # milliseconds
export VEDETTE_ROOT=${here%/tests/e2e}
export VEDETTE_PICTURES=${VEDETTE_PICTURES:-$VEDETTE_ROOT/build/pictures}
mkdir -p "$VEDETTE_PICTURES" # the user's own folder, whoever fills it
[ "$(id -u)" = 0 ] || exec "$here/../as_root.sh" $((limit / 1000)) "$0" "$@"
binaries=$(realpath "$1"); shift
watch=vedette-w$$ host=vedette-h$$
work=$(mktemp -d "${TMPDIR:-/tmp}/vedette-e2e.XXXXXX")
cleanup() {
  for ns in $watch $host; do
    ip netns pids "$ns" 2>/dev/null | xargs -r kill -9 2>/dev/null || true
    ip netns del "$ns" 2>/dev/null || true
  done
  [ -n "${VEDETTE_KEEP-}" ] && echo "kept: $work" || rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
ip netns add "$watch"; ip netns add "$host"
ip -n "$watch" link set lo up; ip -n "$host" link set lo up
ip link add veth0 netns "$watch" type veth peer name eth0 netns "$host"
# No IPv6 address of their own a second after they are up: Chromium gives up what it loads when an address comes (ERR_NETWORK_CHANGED).
ip -n "$watch" link set veth0 addrgenmode none; ip -n "$host" link set eth0 addrgenmode none
ip -n "$watch" address add 192.0.2.1/24 dev veth0; ip -n "$host" address add 192.0.2.2/24 dev eth0
ip -n "$watch" link set veth0 up; ip -n "$host" link set eth0 up
export VEDETTE_BINARIES=$binaries VEDETTE_WORK=$work VEDETTE_WATCH=$watch VEDETTE_HOST=$host
ip netns exec "$watch" node --test --test-concurrency=1 --test-timeout="$limit" "$@" &
wait $! # a shell that waits hears a signal at once
