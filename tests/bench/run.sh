#!/usr/bin/env bash
# run.sh NAME: one benchmark of the release build; prints one JSON object a figure. NAME is one of load.py's, a script
# beside this one, or a binary bench_NAME.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
name=${1:?which benchmark: agent, history, connect, connect_10k, live, overhead}
case $name in connect | connect_10k | live) exec python3 "$root/tests/bench/load.py" "$name" "$root/build/release/bin" ;; esac
[ "$name" != overhead ] || exec python3 "$root/tests/bench/overhead/overhead.py" "$root/build/release/bin"
script=$root/tests/bench/$name.sh
[ ! -x "$script" ] || exec "$script"
exec "$root/build/release/bin/bench_$name"
