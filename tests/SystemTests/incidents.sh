#!/usr/bin/env bash
# The incidents in full: incidents.sh [queued at S1, 100000] [messages of S5, 54000]. Prints their figures.
set -euo pipefail
cd "$(dirname "$0")"
GATEWAY_INCIDENT_QUEUED=${1:-100000}
GATEWAY_INCIDENT_BROKEN=${2:-54000}
GATEWAY_HISTORY_PAGE=$(mktemp)
export GATEWAY_INCIDENT_QUEUED GATEWAY_INCIDENT_BROKEN GATEWAY_HISTORY_PAGE
trap 'rm -f "$GATEWAY_HISTORY_PAGE"' EXIT

dotnet build -nodeReuse:false --nologo -v:quiet
verdict=0
bin/Debug/net10.0/SystemTests -explicit on -namespace SystemTests.Incidents >"$GATEWAY_HISTORY_PAGE.log" 2>&1 || verdict=$?
if [ -s "$GATEWAY_HISTORY_PAGE" ]; then cat "$GATEWAY_HISTORY_PAGE"; fi
if [ "$verdict" -ne 0 ]; then cat "$GATEWAY_HISTORY_PAGE.log"; fi
rm -f "$GATEWAY_HISTORY_PAGE.log"
exit "$verdict"
