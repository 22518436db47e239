#!/usr/bin/env bash
# Runs end-to-end tests in two network namespaces of their own: "watch" (collector, browser, the tests; 192.0.2.1) and
# "host" (the agent's machine; 192.0.2.2), joined by a veth pair that tests may cut.
#   run.sh BINARIES TEST.mjs ...
set -euo pipefail
binaries=$(realpath "$1"); shift
here=$(cd "$(dirname "$0")" && pwd)
[ "$(id -u)" = 0 ] || { echo "end-to-end tests make network namespaces: run as root" >&2; exit 1; }
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
ip netns add "$watch"; ip netns add "$host"
ip -n "$watch" link set lo up; ip -n "$host" link set lo up
ip link add veth0 netns "$watch" type veth peer name eth0 netns "$host"
ip -n "$watch" address add 192.0.2.1/24 dev veth0; ip -n "$host" address add 192.0.2.2/24 dev eth0
ip -n "$watch" link set veth0 up; ip -n "$host" link set eth0 up
export VEDETTE_BINARIES=$binaries VEDETTE_WORK=$work VEDETTE_WATCH=$watch VEDETTE_HOST=$host
export VEDETTE_ROOT=${here%/tests/e2e}
ip netns exec "$watch" node --test --test-concurrency=1 --test-timeout="${VEDETTE_TEST_TIMEOUT:-600000}" "$@"
