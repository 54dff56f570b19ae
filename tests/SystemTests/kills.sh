#!/usr/bin/env bash
# kill -9 of Apis, Workers and PostgreSQL under 500 messages/s: kills.sh [minutes, 8 unless given]. Prints its page of figures.
set -euo pipefail
cd "$(dirname "$0")"
GATEWAY_KILLS_MINUTES=${1:-8}
GATEWAY_HISTORY_PAGE=$(mktemp)
export GATEWAY_KILLS_MINUTES GATEWAY_HISTORY_PAGE
trap 'rm -f "$GATEWAY_HISTORY_PAGE"' EXIT

dotnet build -nodeReuse:false --nologo -v:quiet
verdict=0
bin/Debug/net10.0/SystemTests -explicit only -class SystemTests.HistoryTests >"$GATEWAY_HISTORY_PAGE.log" 2>&1 || verdict=$?
if [ -s "$GATEWAY_HISTORY_PAGE" ]; then cat "$GATEWAY_HISTORY_PAGE"; else cat "$GATEWAY_HISTORY_PAGE.log"; fi
rm -f "$GATEWAY_HISTORY_PAGE.log"
exit "$verdict"
