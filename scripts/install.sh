#!/usr/bin/env bash
# Installs Python packages into an environment: install.sh PYTHON WANTED..., as `pip install` takes them; what
# they need besides is not looked for. What takes pip a minute takes uv some seconds. It asks the index that
# pip is told of; where that is not enough for it (a login, files on disk), pip does it.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:?usage: install.sh PYTHON WANTED...}
shift
how=(--no-deps --no-build-isolation "$@")
pip=(.venv/bin/python -m pip --disable-pip-version-check)
index=$("${pip[@]}" config list 2>/dev/null | sed -n "s/^[^=]*\.index-url='\(.*\)'$/\1/p" | tail -n 1)
if ! env UV_SYSTEM_CERTS=1 ${index:+"UV_DEFAULT_INDEX=$index"} \
  .venv/bin/uv pip install -q --python "$python" --compile-bytecode "${how[@]}"; then
  echo "install: uv failed (its reason is above); pip tries, which takes a minute" >&2
  "${pip[@]}" --python "$python" -q install --use-pep517 "${how[@]}"
fi
