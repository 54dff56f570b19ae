#!/usr/bin/env bash
# What of events survives us: events.sh [kills of the sender, 500] [minutes without Gateway.Webhooks, 10]. Prints its figures.
# With ten minutes the outage ends half an hour after it began: the providers' own schedules are waited for.
set -euo pipefail
cd "$(dirname "$0")"
GATEWAY_WEBHOOK_KILLS=${1:-500}
GATEWAY_EVENT_OUTAGE_MINUTES=${2:-10}
GATEWAY_HISTORY_PAGE=$(mktemp)
export GATEWAY_WEBHOOK_KILLS GATEWAY_EVENT_OUTAGE_MINUTES GATEWAY_HISTORY_PAGE
trap 'rm -f "$GATEWAY_HISTORY_PAGE" "$GATEWAY_HISTORY_PAGE.log"' EXIT

dotnet build ../Gateway.Tests -nodeReuse:false --nologo -v:quiet
dotnet build -nodeReuse:false --nologo -v:quiet
verdict=0
run() {
  : >"$GATEWAY_HISTORY_PAGE"
  local failed=0
  "$@" >"$GATEWAY_HISTORY_PAGE.log" 2>&1 || failed=1
  cat "$GATEWAY_HISTORY_PAGE"
  if [ "$failed" -ne 0 ]; then cat "$GATEWAY_HISTORY_PAGE.log"; verdict=1; fi
}
run ../Gateway.Tests/bin/Debug/net10.0/Gateway.Tests -class Gateway.Tests.Subscriptions.T10_CrashTests
run bin/Debug/net10.0/SystemTests -explicit only -class SystemTests.EventOutageTests
run ../Gateway.Tests/bin/Debug/net10.0/Gateway.Tests -explicit only -class Gateway.Tests.Inbound.A19_TimingTests
exit "$verdict"
