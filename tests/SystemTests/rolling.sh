#!/usr/bin/env bash
# Every host ended and started anew, one after the other, under load: rolling.sh [messages a second, 200]. Prints its figures.
set -euo pipefail
cd "$(dirname "$0")"
GATEWAY_ROLLING_RATE=${1:-200}
GATEWAY_HISTORY_PAGE=$(mktemp)
export GATEWAY_ROLLING_RATE GATEWAY_HISTORY_PAGE
trap 'rm -f "$GATEWAY_HISTORY_PAGE"' EXIT

dotnet build -nodeReuse:false --nologo -v:quiet
verdict=0
bin/Debug/net10.0/SystemTests -class SystemTests.RollingTests >"$GATEWAY_HISTORY_PAGE.log" 2>&1 || verdict=$?
if [ -s "$GATEWAY_HISTORY_PAGE" ]; then cat "$GATEWAY_HISTORY_PAGE"; fi
if [ "$verdict" -ne 0 ]; then cat "$GATEWAY_HISTORY_PAGE.log"; fi
rm -f "$GATEWAY_HISTORY_PAGE.log"
exit "$verdict"
