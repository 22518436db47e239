#!/usr/bin/env bash
# small_disk.sh MEGABYTES COMMAND…: runs the command with VEDETTE_SMALL_DISK naming an empty file system of that size,
# in a mount namespace of its own. Exits with 77 where this user may not have one.
set -euo pipefail
size=${1:?how many megabytes}
shift
unshare --map-root-user --mount true 2>/dev/null || { echo "no mount namespaces here: skipped"; exit 77; }
directory=$(mktemp -d)
trap 'rmdir "$directory"' EXIT
unshare --map-root-user --mount bash -c \
  'mount -t tmpfs -o "size=$1m" none "$2" && export VEDETTE_SMALL_DISK=$2 && shift 2 && "$@"' - "$size" "$directory" "$@"
