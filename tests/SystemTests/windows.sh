#!/usr/bin/env bash
# A24 in its full length: windows.sh [seconds of the window, 60] [windows, 30]. 1,000 in each, 64 clients, 4 replicas; takes
# that long. Prints what was admitted.
set -euo pipefail
cd "$(dirname "$0")/../Gateway.Tests"
export GATEWAY_WINDOW_SECONDS=${1:-60} GATEWAY_WINDOWS=${2:-30}

dotnet build -nodeReuse:false --nologo -v:quiet
bin/Debug/net10.0/Gateway.Tests -explicit on -showLiveOutput \
  -method '*A24_The_same_holds_for_long_windows'
