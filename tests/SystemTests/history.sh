#!/usr/bin/env bash
# The long form of the history checker: history.sh [minutes of load, 8 unless given]. Prints its page of figures.
set -euo pipefail
cd "$(dirname "$0")"
GATEWAY_HISTORY_MINUTES=${1:-8}
GATEWAY_HISTORY_PAGE=$(mktemp)
export GATEWAY_HISTORY_MINUTES GATEWAY_HISTORY_PAGE
trap 'rm -f "$GATEWAY_HISTORY_PAGE"' EXIT

dotnet build -nodeReuse:false --nologo -v:quiet
verdict=0
bin/Debug/net10.0/SystemTests -class SystemTests.HistoryTests >"$GATEWAY_HISTORY_PAGE.log" 2>&1 || verdict=$?
if [ -s "$GATEWAY_HISTORY_PAGE" ]; then cat "$GATEWAY_HISTORY_PAGE"; else cat "$GATEWAY_HISTORY_PAGE.log"; fi
rm -f "$GATEWAY_HISTORY_PAGE.log"
exit "$verdict"
