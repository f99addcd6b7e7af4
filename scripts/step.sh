#!/usr/bin/env bash
# Runs one check of `make test` and says how long it took: step.sh NAME COMMAND...
set -uo pipefail
export LC_NUMERIC=C
name=$1
shift
printf 'test: %s ...\n' "$name"
start=$EPOCHREALTIME
"$@"
status=$?
took=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", b - a }')
if [ $status = 0 ]; then
  printf 'test: %s: ok, %s\n' "$name" "$took"
else
  printf 'test: %s: FAILED, %s\n' "$name" "$took" >&2
fi
exit $status
