#!/usr/bin/env bash
# run.sh NAME|all SECONDS: libFuzzer on one target with every core, or on all, one core each. Expects the preset "fuzz" to
# be built. Ends with 1 if a target found something. FUZZ_JOBS caps the cores.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
name=${1:-all} seconds=${2:-60}
build=build/fuzz
jobs=${FUZZ_JOBS:-$(nproc)}

names() { sed -n 's/^vedette_fuzz(\([a-z_]*\).*/\1/p' tests/fuzz/CMakeLists.txt; }

# One target; new inputs that reach new code grow a corpus under build/, crashes go to artifacts/.
run_one() {
  local target=$1 processes=$2
  local grown=$build/corpus/$target artifacts=$build/artifacts/$target
  local log=$artifacts/log
  mkdir -p "$grown" "$artifacts"
  local options=(-max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$artifacts/" -print_final_stats=1)
  [ "$processes" -gt 1 ] && options+=(-fork="$processes")
  if "$build/bin/fuzz_$target" "${options[@]}" "$grown" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
    echo "fuzz $target: nothing found in $seconds s ($(grep -c . < <(ls "$grown")) inputs in the corpus)"
  else
    tail -n 40 "$log"
    echo "fuzz $target: FAILED; inputs and log are in $artifacts" >&2
    return 1
  fi
}

if [ "$name" != all ]; then
  [ -x "$build/bin/fuzz_$name" ] || { echo "run.sh: no target $name; there are: $(names | xargs)" >&2; exit 2; }
  run_one "$name" "$jobs"
  exit
fi
export -f run_one
export build seconds
names | xargs -P "$jobs" -I{} bash -c 'run_one {} 1'
