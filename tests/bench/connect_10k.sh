#!/usr/bin/env bash
# A whole collector under a swarm's load: see load.py.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec python3 "$here/load.py" connect_10k "$here/../../build/release/bin"
