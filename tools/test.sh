#!/bin/sh
# Run the test suite. Browser tests need Chromium: installed here if we may, demanded when CI=true, else left out.
set -eu
cd "$(dirname "$0")/.."

if ! command -v chromium >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Chromium for the browser tests"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } >/dev/null || true
fi
if command -v chromium >/dev/null; then
  exec .venv/bin/python -m pytest -n 2 --dist loadfile "$@"
elif [ "${CI:-}" = true ]; then
  echo "Chromium is needed for the browser tests and could not be installed." >&2
  exit 1
fi
echo "Chromium is not installed: the browser tests are left out. Install it (apt-get install chromium) to run them."
exec .venv/bin/python -m pytest -n 2 --dist loadfile -m "not browser" "$@"
