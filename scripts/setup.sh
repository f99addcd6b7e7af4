#!/usr/bin/env bash
# All set-up: packages of the distribution (apt) and of Python (.venv). Says what it does; does only
# what is missing. PYTHON=python3.12 chooses the interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PATH:/usr/sbin:/sbin" # Debian leaves these out for ordinary users

APT_PACKAGES=(openvswitch-switch mininet iproute2 ethtool iperf3 iputils-ping iputils-arping tcpdump chromium udhcpc wrk)
COMMANDS=(ovs-vswitchd ovsdb-server ovs-vsctl mnexec ip tc ethtool iperf3 ping arping tcpdump chromium udhcpc wrk)
# What bench/ovn_compare runs beside Bulkhead, privately.
OVN_PACKAGES=(ovn-central ovn-host)
OVN_COMMANDS=(ovn-northd ovn-controller)
OVN_SERVICES=(ovn-central ovn-host ovn-northd ovn-controller ovn-ovsdb-server-nb ovn-ovsdb-server-sb)

say() { printf 'setup: %s\n' "$*"; }
stop() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

missing_commands() {
  local found=()
  for name in "$@"; do
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
  if ! { apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }; then
    stop "apt-get failed (its reason is above); mend it, then run: apt-get install -y $*"
  fi
}

# OVN's services would take over this machine's switch: they are masked before they are there, and
# where there is no systemd, the policy for package scripts says no.
install_ovn() {
  local policy=/usr/sbin/policy-rc.d
  if [ "$(id -u)" = 0 ] && command -v systemctl >/dev/null; then
    systemctl mask --quiet "${OVN_SERVICES[@]/%/.service}" 2>/dev/null || true
    say "OVN's services are masked; to use them: systemctl unmask ${OVN_SERVICES[*]}"
  fi
  if [ "$(id -u)" = 0 ] && [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  apt_install "${OVN_PACKAGES[@]}"
}

supported() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

choose_python() {
  if [ -n "${PYTHON:-}" ]; then
    supported "$PYTHON" || stop "PYTHON=$PYTHON is not a Python 3.11, 3.12 or 3.13 that runs here; name one that is"
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

# What decides whether set-up has to be done again.
fingerprint() {
  {
    cat requirements/*.txt setup.cfg ryumend/pyproject.toml ryumend/src/*.* scripts/setup.sh
    interpreter "$1"
    pwd # the scripts in .venv/bin name it
  } | sha256sum
}

interpreter() { "$1" -c 'import sys; print(sys.version, sys.base_prefix)'; }

# Kept when it runs the same interpreter: what is being used by other processes stays in place.
make_venv() {
  if [ -x .venv/bin/pip ] && [ "$(interpreter .venv/bin/python 2>/dev/null)" = "$(interpreter "$1")" ] &&
    .venv/bin/pip --version >/dev/null 2>&1; then
    return
  fi
  if ! "$1" -c 'import ensurepip, venv' 2>/dev/null; then
    apt_install "python$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
  fi
  say "making .venv with $("$1" -V)"
  "$1" -m venv --clear .venv
}

pip() { .venv/bin/python -m pip --disable-pip-version-check -q "$@"; }

# Ryu's build needs an old setuptools (docs/ryu.md), so it is built alone, once, into a wheel.
ryu_wheel() {
  if ! ls .cache/wheels/ryu-*.whl >/dev/null 2>&1; then
    say "building the Ryu wheel"
    local constraints="$PWD/requirements/ryu-build.txt"
    PIP_CONSTRAINT=$constraints PIP_BUILD_CONSTRAINT=$constraints \
      pip wheel --no-deps --require-hashes -w .cache/wheels -r requirements/ryu.txt
  fi
}

install() { scripts/install.sh .venv/bin/python "$@"; }

# setuptools first: what has no wheel is then built with the locked one.
install_python_packages() {
  say "installing the locked Python packages"
  awk '/^[a-z]/ { ours = /^(setuptools|uv)==/ } ours' requirements/lock.txt >.venv/build.txt
  pip install --no-deps --require-hashes -r .venv/build.txt &&
    install --require-hashes -r requirements/lock.txt &&
    ryu_wheel &&
    install .cache/wheels/ryu-*.whl -e ./ryumend -e .
}

missing=$(missing_commands "${COMMANDS[@]}")
if [ -n "$missing" ]; then
  say "missing: $missing"
  apt_install "${APT_PACKAGES[@]}"
  missing=$(missing_commands "${COMMANDS[@]}")
  [ -z "$missing" ] || stop "still missing after apt: $missing; look at: apt-get install ${APT_PACKAGES[*]}"
fi
missing=$(missing_commands "${OVN_COMMANDS[@]}")
if [ -n "$missing" ]; then
  say "missing: $missing"
  install_ovn
fi

python=$(choose_python)
want=$(fingerprint "$python")
if [ -x .venv/bin/python ] && [ "$(cat .venv/bulkhead-setup 2>/dev/null)" = "$want" ]; then
  say "all there ($(.venv/bin/python -V), $(ovs-vswitchd --version | head -n 1))"
  exit 0
fi
make_venv "$python"
if ! install_python_packages; then
  stop "it failed (the reason is above); is a package index within reach? Then run: make setup"
fi
printf '%s\n' "$want" > .venv/bulkhead-setup
say "done ($(.venv/bin/python -V))"
