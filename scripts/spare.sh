#!/usr/bin/env bash
# Runs two commands at once, the second in the time that the first leaves: spare.sh COMMAND... -- COMMAND...
# What the second prints is shown once both have ended. Fails where one has failed.
set -uo pipefail
first=()
usage="usage: spare.sh COMMAND... -- COMMAND..."
while [ "${1:?$usage}" != -- ]; do
  first+=("$1")
  shift
done
shift
: "${1:?$usage}"
said=$(mktemp)
# Where Linux shares processors out by session, niceness counts among a session's own alone (sched(7), autogroup).
setsid nice -n 19 bash -c '{ echo 19 >/proc/self/autogroup; } 2>/dev/null; exec "$@"' spare "$@" </dev/null >"$said" 2>&1 &
second=$!
trap 'kill -- "-$second" 2>/dev/null; rm -f "$said"' EXIT
trap 'exit 130' INT TERM
"${first[@]}"
first_status=$?
wait "$second"
second_status=$?
cat "$said"
exit $((first_status ? first_status : second_status))
