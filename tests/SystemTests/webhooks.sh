#!/usr/bin/env bash
# Webhooks beside endpoints that hang and fail: webhooks.sh [seconds, 60] [events a second, 1000] [replicas, 1]. Prints its figures.
set -euo pipefail
cd "$(dirname "$0")"
GATEWAY_WEBHOOK_SECONDS=${1:-60}
GATEWAY_WEBHOOK_RATE=${2:-1000}
GATEWAY_WEBHOOK_REPLICAS=${3:-1}
GATEWAY_HISTORY_PAGE=$(mktemp)
export GATEWAY_WEBHOOK_SECONDS GATEWAY_WEBHOOK_RATE GATEWAY_WEBHOOK_REPLICAS GATEWAY_HISTORY_PAGE
trap 'rm -f "$GATEWAY_HISTORY_PAGE"' EXIT

dotnet build -nodeReuse:false --nologo -v:quiet
verdict=0
bin/Debug/net10.0/SystemTests -explicit on -class SystemTests.WebhookSoakTests >"$GATEWAY_HISTORY_PAGE.log" 2>&1 || verdict=$?
if [ -s "$GATEWAY_HISTORY_PAGE" ]; then cat "$GATEWAY_HISTORY_PAGE"; fi
if [ "$verdict" -ne 0 ]; then cat "$GATEWAY_HISTORY_PAGE.log"; fi
rm -f "$GATEWAY_HISTORY_PAGE.log"
exit "$verdict"
