#!/usr/bin/env bash
# apt-get as root, in silence. Another process may have the packages' locks (an automatic upgrade,
# another build): it waits for them, for ten minutes at most.
set -euo pipefail

root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo > /dev/null || {
    echo "Run as root, or do it by hand: apt-get $*" >&2
    exit 1
  }
  root=(sudo)
fi
# apt-get itself waits for dpkg's lock alone, and not for that of its lists.
deadline=$((SECONDS + 600))
while true; do
  code=0
  said=$("${root[@]}" env LC_ALL=C DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -o DPkg::Lock::Timeout=600 "$@" 2>&1 > /dev/null) || code=$?
  [ "$code" -ne 0 ] || exit 0
  if ! grep -q "Could not get lock\|Unable to lock\|Unable to acquire" <<< "$said" ||
    [ "$SECONDS" -ge "$deadline" ]; then
    echo "$said" >&2
    exit "$code"
  fi
  [ -n "${waits:-}" ] || echo "Waiting for another process to let go of the packages' lock." >&2
  waits=yes
  sleep 1
done
