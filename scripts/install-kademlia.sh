#!/usr/bin/env bash
# Installs the PyPI packages that kademlia nodes are tested and measured against into a virtual
# environment under .build. Says why when it cannot.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=.build/pypi-kademlia

"$environment/bin/python" -c 'import kademlia, rpcudp' 2>/dev/null && exit 0
# --without-pip: Debian has pip without the module that venv would copy it from.
if ! { python3 -m venv --clear --without-pip "$environment" &&
  python3 -m pip --python "$environment/bin/python" install --quiet \
    --disable-pip-version-check kademlia==2.2.3 rpcudp==5.0.1; }; then
  rm -rf "$environment"
  echo "Cannot install kademlia and rpcudp with pip." >&2
  exit 1
fi
