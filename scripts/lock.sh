#!/usr/bin/env bash
# Makes requirements/lock.txt and requirements/ryu.txt from requirements.in, with the uv of .venv.
# What is locked stays at its version; UPGRADE=1 takes the newest of everything.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=.venv/bin/uv
if [ ! -x "$uv" ]; then
  echo "lock: $uv is not there; run: make setup" >&2
  exit 1
fi
whole=$(mktemp)
trap 'rm -f "$whole"' EXIT
if [ -z "${UPGRADE:-}" ]; then
  cat requirements/lock.txt requirements/ryu.txt >"$whole" # uv prefers what it finds there
fi
"$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
  --override requirements/overrides.txt --build-constraint requirements/ryu-build.txt \
  requirements/requirements.in -o "$whole"
awk '/^[a-z]/ { ours = /^ryu==/ } ours' "$whole" > requirements/ryu.txt
awk '/^[a-z]/ { ours = /^ryu==/ } !ours' "$whole" > requirements/lock.txt
