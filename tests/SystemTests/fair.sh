#!/usr/bin/env bash
# The long form of the fair share test: fair.sh [queued broadcasts of one tenant, 500000] [seconds, 40]. Prints its figures.
set -euo pipefail
cd "$(dirname "$0")"
GATEWAY_FAIR_CAMPAIGN=${1:-500000}
GATEWAY_FAIR_SECONDS=${2:-40}
GATEWAY_HISTORY_PAGE=$(mktemp)
export GATEWAY_FAIR_CAMPAIGN GATEWAY_FAIR_SECONDS GATEWAY_HISTORY_PAGE
trap 'rm -f "$GATEWAY_HISTORY_PAGE"' EXIT

dotnet build -nodeReuse:false --nologo -v:quiet
verdict=0
bin/Debug/net10.0/SystemTests -explicit on -class SystemTests.FairShareTests >"$GATEWAY_HISTORY_PAGE.log" 2>&1 || verdict=$?
if [ -s "$GATEWAY_HISTORY_PAGE" ]; then cat "$GATEWAY_HISTORY_PAGE"; fi
if [ "$verdict" -ne 0 ]; then cat "$GATEWAY_HISTORY_PAGE.log"; fi
rm -f "$GATEWAY_HISTORY_PAGE.log"
exit "$verdict"
