#!/usr/bin/env bash
# Wrong keys at 10,000/s and logins beside 200 messages/s: flood.sh [seconds, 60 unless given]. Prints its figures.
set -euo pipefail
cd "$(dirname "$0")"
GATEWAY_FLOOD_SECONDS=${1:-60}
GATEWAY_FLOOD_PAGE=$(mktemp)
export GATEWAY_FLOOD_SECONDS GATEWAY_FLOOD_PAGE
trap 'rm -f "$GATEWAY_FLOOD_PAGE"' EXIT

dotnet build -nodeReuse:false --nologo -v:quiet
verdict=0
bin/Debug/net10.0/SystemTests -explicit on -class SystemTests.FloodTests >"$GATEWAY_FLOOD_PAGE.log" 2>&1 || verdict=$?
cat "$GATEWAY_FLOOD_PAGE"
tail -n 30 "$GATEWAY_FLOOD_PAGE.log"
rm -f "$GATEWAY_FLOOD_PAGE.log"
exit "$verdict"
