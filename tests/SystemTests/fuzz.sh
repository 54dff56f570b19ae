#!/usr/bin/env bash
# Runs each fuzz target for some minutes, one after the other: fuzz.sh [minutes a target, 10] [targets…]
# A target is a test with [Trait("Fuzz", "name")]. Ends with the number of targets that found something.
set -euo pipefail
cd "$(dirname "$0")/../.."

minutes=${1:-10}
shift || true
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  mapfile -t targets < <(grep -rhoE 'Trait\("Fuzz", "[^"]+"\)' tests/Gateway.Mail.Tests/Fuzz | cut -d'"' -f4 | sort -u)
fi

dotnet build tests/Gateway.Mail.Tests -c Release -m:1 -nodeReuse:false -v quiet --nologo
export FUZZ_SECONDS=$((minutes * 60))
found=0
for target in "${targets[@]}"; do
  printf '%s  %-14s ' "$(date -u +%H:%M)" "$target"
  log=$(mktemp)
  if dotnet exec tests/Gateway.Mail.Tests/bin/Release/net10.0/Gateway.Mail.Tests.dll \
    -trait "Fuzz=$target" -showLiveOutput -noLogo >"$log" 2>&1; then
    grep -oE '[0-9]+ inputs.*' "$log" | tail -1
  else
    found=$((found + 1))
    echo FOUND
    cut -c1-20000 "$log"
  fi
  rm -f "$log"
done
echo "${#targets[@]} targets, $minutes minutes each, $found with findings"
exit $((found > 0))
