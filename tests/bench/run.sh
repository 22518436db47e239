#!/usr/bin/env bash
# run.sh NAME: one benchmark of the release build; prints one JSON object a figure. NAME is a script beside this one, or
# a binary bench_NAME.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
name=${1:?which benchmark: agent, history, connect, connect_10k, live}
script=$root/tests/bench/$name.sh
[ ! -x "$script" ] || exec "$script"
exec "$root/build/release/bin/bench_$name"
