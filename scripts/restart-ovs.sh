#!/usr/bin/env bash
# Restarts ovs-vswitchd so that it forwards again before the controller has found it.
#
#   restart-ovs.sh run COMMAND...   save, run what restarts ovs-vswitchd, restore
#   restart-ovs.sh save FOLDER      the two halves, for whoever restarts it by other means
#   restart-ovs.sh restore FOLDER
#
# For example: scripts/restart-ovs.sh run systemctl restart ovs-vswitchd
#
# The flows, groups and meters of every bridge are written down. While other_config:flow-restore-wait is set
# (ovs-vswitchd.conf.db(5)), a started ovs-vswitchd keeps what is cached in a kernel datapath and asks
# no controller. Taking the setting away drops the flows of every bridge that has a controller (seen
# with Open vSwitch 3.1), so they are put back after it, in one bundle a bridge. The sessions are then
# begun anew: the controller reads back what each switch holds, and corrects what it has changed
# its mind about meanwhile.
# OVS_RUNDIR, OVS_DB (unix:FOLDER/db.sock) and OVS_CTL (FOLDER/ovs-vswitchd.ctl) name another
# Open vSwitch than the system's.
set -euo pipefail

OPENFLOW=OpenFlow14
WAIT_S=10
vsctl=(ovs-vsctl --timeout="$WAIT_S" ${OVS_DB:+--db="$OVS_DB"})
appctl=(ovs-appctl ${OVS_CTL:+--target="$OVS_CTL"})

ofctl() { ovs-ofctl -O "$OPENFLOW" "$@"; }

# What dump-meters prints over several lines, as add-meter takes it.
meters_of() {
  awk '{ gsub(/^ +| +$/, ""); gsub(/ +/, ",") }
    /^meter=/ { if (meter) print meter; meter = $0; next }
    meter && /^type=/ { meter = meter (meter ~ /bands=$/ ? "" : ",") $0 }
    END { if (meter) print meter }'
}

save() {
  local bridge
  mkdir -p "$1"
  "${vsctl[@]}" list-br >"$1/bridges"
  while read -r bridge; do
    ofctl dump-flows --no-names --no-stats "$bridge" | sed -n '/priority=/p' >"$1/$bridge.flows"
    ofctl dump-meters "$bridge" | meters_of >"$1/$bridge.meters"
    ofctl dump-groups "$bridge" | sed -n 's/^ *\(group_id=\)/\1/p' >"$1/$bridge.groups"
  done <"$1/bridges"
  "${vsctl[@]}" --no-wait set Open_vSwitch . other_config:flow-restore-wait=true
}

restore() {
  local bridge status=0 jobs=()
  # Waits until ovs-vswitchd runs and has set up its bridges.
  if ! "${vsctl[@]}" remove Open_vSwitch . other_config flow-restore-wait; then
    echo "restart-ovs: expected ovs-vswitchd to be back within $WAIT_S s, and it is not: start it;" \
      "the controller will program it" >&2
    "${vsctl[@]}" --no-wait remove Open_vSwitch . other_config flow-restore-wait
    return 1
  fi
  while read -r bridge; do
    restore_bridge "$1" "$bridge" &
    jobs+=($!)
  done <"$1/bridges"
  for job in "${jobs[@]}"; do wait "$job" || status=$?; done
  "${appctl[@]}" bridge/reconnect
  return "$status"
}

restore_bridge() {
  local meter
  while read -r meter; do # it may be there still, where nothing was restarted
    ofctl add-meter "$2" "$meter" 2>/dev/null || ofctl mod-meter "$2" "$meter"
  done <"$1/$2.meters"
  if [ -s "$1/$2.groups" ]; then ofctl add-groups "$2" "$1/$2.groups"; fi
  ofctl --bundle add-flows "$2" "$1/$2.flows"
}

case "${1:-}:$#" in
  save:2) save "$2" ;;
  restore:2) restore "$2" ;;
  run:[2-9]* | run:1?*)
    shift
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    save "$folder"
    status=0
    "$@" || status=$?
    restore "$folder"
    exit "$status"
    ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
