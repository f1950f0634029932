#!/usr/bin/env bash
# Installs the Debian packages that the build needs and that are missing; says so where it cannot.
# Arguments are further commands to have, each from the package of the same name, or COMMAND:PACKAGE.
set -euo pipefail

if ! command -v swift > /dev/null; then
  echo "Seedbed needs Swift 6.2 or later, which was not found on PATH." >&2
  echo "Install a toolchain from swift.org/install, open a new shell, and try again." >&2
  exit 1
fi

# What is looked for, and the package that has it.
missing=()
for tool in pkg-config "$@"; do
  PATH=$PATH:/usr/sbin command -v "${tool%%:*}" > /dev/null || missing+=("${tool##*:}")
done
for pair in libuv-static:libuv1-dev sqlite3:libsqlite3-dev yaml-0.1:libyaml-dev libcrypto:libssl-dev \
  libarchive:libarchive-dev libpcre2-8:libpcre2-dev; do
  pkg-config --exists "${pair%%:*}" 2> /dev/null || missing+=("${pair##*:}")
done
# It has no pkg-config file.
[ -e /usr/include/http_parser.h ] || missing+=(libhttp-parser-dev)
[ "${#missing[@]}" -eq 0 ] && exit 0

echo "Installing: ${missing[*]}"
if ! command -v apt-get > /dev/null; then
  echo "This system has no apt-get: install the development packages of the above by hand." >&2
  exit 1
fi
apt_get=$(dirname "$0")/apt-get.sh
"$apt_get" update
"$apt_get" install -y "${missing[@]}"
