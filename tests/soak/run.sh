#!/usr/bin/env bash
# What takes too long for every test run.
#   run.sh [kills|power|fuzz|agent|alerts|hostile|fleet]     all of them without a name
set -euo pipefail
cd "$(dirname "$0")/../.."

# The collector dies of -9 a hundred times, under unit load and under a real agent with a relay that counts.
soak_kills() {
  VEDETTE_ROUNDS=100 build/release/bin/server_history_test --gtest_filter='*Kill*'
  VEDETTE_ROUNDS=100 VEDETTE_TEST_TIMEOUT=7200000 tests/e2e/run.sh build/release/bin tests/e2e/browser/collector_kill.test.mjs
}

# A hundred and fifty lives of a store whose power is cut some ten times each, in the midst of writes.
soak_power() { VEDETTE_ROUNDS=150 build/release/bin/server_history_test --gtest_filter='PowerCut.*'; }

# Every fuzz target for an hour.
soak_fuzz() { ./dev fuzz all 3600; }

# The agent's memory and CPU over five minutes.
soak_agent() { VEDETTE_BENCH_SECONDS=300 ./dev bench agent; }

# Rules and mail with the times that people get: a rule of 60 s, the default hold of 60 s.
soak_alerts() {
  VEDETTE_STATED_TIMES=1 VEDETTE_TEST_TIMEOUT=1800000 tests/e2e/run.sh build/release/bin tests/e2e/browser/alerts.test.mjs
}

# Ten times as many hostile peers as every test run has.
soak_hostile() { VEDETTE_HOSTILE_PEERS=5000 tests/as_root.sh 1800 python3 tests/faults/hostile_peers/hostile_peers_test.py build/release/bin; }

# 10,000 idle viewers, then 10,000 agents at 1 Hz through a kill -9 of the collector.
soak_fleet() { ./dev bench connect_10k; }

for name in ${1:-kills power fuzz agent alerts hostile fleet}; do
  case $name in
    kills | power | fuzz | agent | alerts | hostile | fleet) "soak_$name" ;;
    *) echo "soak: no \"$name\"; there are kills, power, fuzz, agent, alerts, hostile, fleet" >&2; exit 1 ;;
  esac
done
