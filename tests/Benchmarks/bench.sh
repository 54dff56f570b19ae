#!/usr/bin/env bash
# Builds everything for release and runs the benchmarks named, all without a name: bench.sh [mail dkim accept queue …]
# BENCH_SCALE=0.2 makes the runs of the whole gateway shorter; BENCH_STATEMENTS=1 shows what took PostgreSQL its time.
set -euo pipefail
cd "$(dirname "$0")"
dotnet build -c Release -m:1 -nodeReuse:false --nologo -v:quiet
exec dotnet bin/Release/net10.0/Benchmarks.dll "$@"
