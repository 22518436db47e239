#!/usr/bin/env bash
# What history costs us, and the same samples Debian's Prometheus and VictoriaMetrics (docs/history-cost.md).
# VEDETTE_BENCH_PEERS: which of "prometheus victoria-metrics", nothing for none.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=$root/build/release/bin
read -ra peers <<<"${VEDETTE_BENCH_PEERS-prometheus victoria-metrics}"
# Not /tmp, which may be memory; the disk is part of what is measured.
export TMPDIR=${TMPDIR:-$root/build/bench}
mkdir -p "$TMPDIR"
"$bin/bench_history"
[ ${#peers[@]} -eq 0 ] || exec python3 "$root/tests/bench/history/peers.py" "$bin" "${peers[@]}"
