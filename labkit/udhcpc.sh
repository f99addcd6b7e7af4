#!/bin/sh
# What udhcpc(8) calls with its answer in the environment: configures the device, and keeps the answer.
set -eu
case "$1" in
  deconfig) ip address flush dev "$interface" ;;
  bound | renew)
    ip address replace "$ip/$mask" dev "$interface"
    ip link set "$interface" mtu "$mtu"
    if [ -n "${staticroutes:-}" ]; then
      set -- $staticroutes
      while [ $# -ge 2 ]; do
        if [ "$2" = 0.0.0.0 ]; then ip route replace "$1" dev "$interface" scope link
        else ip route replace "$1" via "$2" dev "$interface"; fi
        shift 2
      done
    else
      ip route replace default via "$router" dev "$interface"
    fi
    env > "$ANSWER"
    ;;
esac
