#!/usr/bin/env bash
# Four paths that die and heal at random, two Workers under fire: soak.sh [minutes of load, 10]. Prints its page of figures.
set -euo pipefail
cd "$(dirname "$0")"
GATEWAY_SOAK_SECONDS=$((${1:-10} * 60))
GATEWAY_HISTORY_PAGE=$(mktemp)
export GATEWAY_SOAK_SECONDS GATEWAY_HISTORY_PAGE
trap 'rm -f "$GATEWAY_HISTORY_PAGE"' EXIT

dotnet build -nodeReuse:false --nologo -v:quiet
verdict=0
bin/Debug/net10.0/SystemTests -explicit on -class SystemTests.Failover.FailoverSoakTests >"$GATEWAY_HISTORY_PAGE.log" 2>&1 || verdict=$?
if [ -s "$GATEWAY_HISTORY_PAGE" ]; then cat "$GATEWAY_HISTORY_PAGE"; fi
if [ "$verdict" -ne 0 ]; then cat "$GATEWAY_HISTORY_PAGE.log"; fi
rm -f "$GATEWAY_HISTORY_PAGE.log"
exit "$verdict"
