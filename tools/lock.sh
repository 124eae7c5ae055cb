#!/bin/sh
# Write the lock files anew from pyproject.toml; run after changing a version. Needs uv (`pip install uv`).
set -eu
cd "$(dirname "$0")/.."
build=$(sed -n 's/^requires = \["\(.*\)"\]/\1/p' pyproject.toml)
lock() {
  echo "$build" | uv pip compile pyproject.toml - "$@" --universal --python-version 3.11 \
    --generate-hashes --no-emit-index-url --no-annotate --no-header -q
}
lock -o requirements.lock
lock --extra test -c requirements.lock -o requirements-test.lock
whole=$(mktemp)
lock --extra spark -c requirements.lock -o "$whole"
awk 'NR == FNR { if (/==/) known[$1]; next } /^[^ ]/ { further = !($1 in known) } further' \
  requirements.lock "$whole" >requirements-spark.lock
rm "$whole"
