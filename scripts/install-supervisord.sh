#!/usr/bin/env bash
# Installs supervisord, which launching is compared with, into a virtual environment under .build.
# Without it the benchmarks go on and say what they leave out.
set -euo pipefail
environment=.build/supervisord

[ -x "$environment/bin/supervisord" ] && exit 0
# --without-pip: Debian has pip without the module that venv would copy it from.
if ! { python3 -m venv --without-pip "$environment" &&
  python3 -m pip --python "$environment/bin/python" install --quiet \
    --disable-pip-version-check supervisor==4.3.0; }; then
  rm -rf "$environment"
  echo "Cannot install supervisord with pip: launching is measured without it." >&2
fi
