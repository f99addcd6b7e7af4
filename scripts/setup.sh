#!/usr/bin/env bash
# All set-up: packages of the distribution (apt) and of Python (.venv). Says what it does; does only
# what is missing. PYTHON=python3.12 chooses the interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."

APT_PACKAGES=(openvswitch-switch mininet iproute2 ethtool iperf3 iputils-ping iputils-arping tcpdump)
COMMANDS=(ovs-vswitchd ovsdb-server ovs-vsctl mnexec ip tc ethtool iperf3 ping arping tcpdump)

say() { printf 'setup: %s\n' "$*"; }
stop() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

missing_commands() {
  local found=()
  for name in "${COMMANDS[@]}"; do
    command -v "$name" >/dev/null || found+=("$name")
  done
  echo "${found[*]}"
}

apt_install() {
  if ! command -v apt-get >/dev/null; then
    stop "apt-get is not here; install these with your own package manager, then run this again: $*"
  fi
  if [ "$(id -u)" != 0 ]; then
    stop "not root; run: sudo apt-get install -y $*"
  fi
  say "installing with apt: $*"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

supported() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

choose_python() {
  if [ -n "${PYTHON:-}" ]; then
    supported "$PYTHON" || stop "PYTHON=$PYTHON is not Python 3.11, 3.12 or 3.13; name one that is"
    command -v "$PYTHON"
    return
  fi
  for name in python3 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null && supported "$name"; then
      command -v "$name"
      return
    fi
  done
  stop "no Python 3.11, 3.12 or 3.13 here; run: sudo apt-get install -y python3 (or set PYTHON=)"
}

fingerprint() {
  { cat requirements/*.txt setup.cfg pyproject.toml ryumend/pyproject.toml scripts/setup.sh; "$1" -VV; } | sha256sum
}

make_venv() {
  if ! "$1" -c 'import ensurepip, venv' 2>/dev/null; then
    local version
    version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    apt_install "python$version-venv"
  fi
  say "making .venv with $("$1" -V)"
  "$1" -m venv --clear .venv
}

# Ryu's build needs an old setuptools (docs/ryu.md), so it is built alone, once, into a wheel.
ryu_wheel() {
  if ! ls .cache/wheels/ryu-*.whl >/dev/null 2>&1; then
    say "building the Ryu wheel"
    PIP_CONSTRAINT="$PWD/requirements/ryu-build.txt" PIP_BUILD_CONSTRAINT="$PWD/requirements/ryu-build.txt" \
      .venv/bin/pip --disable-pip-version-check wheel -q --no-deps --require-hashes \
      -w .cache/wheels -r requirements/ryu.txt
  fi
}

install_python_packages() {
  say "installing the locked Python packages (about a minute the first time)"
  .venv/bin/pip --disable-pip-version-check install -q --no-deps --require-hashes -r requirements/lock.txt
  ryu_wheel
  .venv/bin/pip --disable-pip-version-check install -q --no-deps .cache/wheels/ryu-*.whl
  .venv/bin/pip --disable-pip-version-check install -q --no-deps --no-build-isolation -e ./ryumend -e .
}

missing=$(missing_commands)
if [ -n "$missing" ]; then
  say "missing: $missing"
  apt_install "${APT_PACKAGES[@]}"
  missing=$(missing_commands)
  [ -z "$missing" ] || stop "still missing after apt: $missing; look at: apt-get install ${APT_PACKAGES[*]}"
fi

python=$(choose_python)
want=$(fingerprint "$python")
if [ -x .venv/bin/python ] && [ "$(cat .venv/bulkhead-setup 2>/dev/null)" = "$want" ]; then
  say "all there ($(.venv/bin/python -V), $(ovs-vswitchd --version | head -n 1))"
  exit 0
fi
make_venv "$python"
install_python_packages
printf '%s\n' "$want" > .venv/bulkhead-setup
say "done ($(.venv/bin/python -V))"
