#!/usr/bin/env bash
# What `make check` runs: format, the import table, and a build in which every import is declared.
# (Warnings are errors in every build, so a build that passes has none.)
set -euo pipefail
cd "$(dirname "$0")/.."

echo "format"
swift format lint --strict --parallel --recursive Package.swift Sources Tests Fuzz/Package.swift Fuzz/Sources

echo "imports"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
swift build -c release --explicit-target-dependency-import-check error >"$log" 2>&1 || { cat "$log"; exit 1; }
if grep -E "error:|warning:" "$log"; then exit 1; fi

echo "shell scripts"
for script in scripts/*.sh scripts/*/*.sh Fuzz/run.sh .ci/run; do bash -n "$script"; done
echo "all checks hold"
