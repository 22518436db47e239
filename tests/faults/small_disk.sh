#!/usr/bin/env bash
# small_disk.sh MEGABYTES COMMAND…: runs the command as root with VEDETTE_SMALL_DISK naming an empty file system of that
# size, in a mount namespace of its own.
set -euo pipefail
[ "$(id -u)" = 0 ] || exec "$(dirname "$0")/../as_root.sh" 110 "$0" "$@"
size=${1:?how many megabytes}
shift
directory=$(mktemp -d)
trap 'rmdir "$directory"' EXIT
unshare --mount bash -c \
  'mount -t tmpfs -o "size=$1m" none "$2" && export VEDETTE_SMALL_DISK=$2 && shift 2 && "$@"' - "$size" "$directory" "$@"
