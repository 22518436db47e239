#!/usr/bin/env bash
# What an agent costs the machine that it measures. VEDETTE_BENCH_SECONDS: how long, 60 unless told; the figures for
# memory are meant after 300.
set -euo pipefail
bin=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/release/bin
exec "$bin/agent_bench" "$bin/vedette-agent" "${1:-${VEDETTE_BENCH_SECONDS:-60}}"
