#!/usr/bin/env bash
# Runs a command as root: at once, or through sudo with what tests need of the environment.
#   as_root.sh SECONDS COMMAND [ARG ...]      SECONDS: then it is ended, for ctest may not end what belongs to root
set -euo pipefail
seconds=$1; shift
[ "$(id -u)" != 0 ] || exec "$@"
sudo -n true 2>/dev/null || { echo "this test mounts, makes network namespaces or boots a machine: run as root, or as one who may use sudo" >&2; exit 1; }
# An ordinary PATH lacks the folders of ip, nft and debootstrap. No __pycache__ of root's in the user's tree.
environment=("PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin" PYTHONDONTWRITEBYTECODE=1)
for name in TMPDIR LANG CI http_proxy https_proxy no_proxy ${!VEDETTE_@}; do
  [ -z "${!name+set}" ] || environment+=("$name=${!name}")
done
exec sudo -n env "${environment[@]}" timeout --foreground --signal=INT --kill-after=30 "$seconds" "$@"
