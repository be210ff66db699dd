#!/usr/bin/env bash
# Times products with coded layers against OpenBLAS, against memory and, where PyPI's aqlm and numba are installed, against
# their kernel; and a model against PyPI's llama-cpp-python on its original, where both are given. All in one run.
#
#   OCTAVO        the binary (default: .build/release/octavo)
#   OCTAVO_MODEL  a quantized model (default: none, no model is timed)
#   ORIGINAL      its original as a GGUF file, for llama-cpp-python (default: none)
#   PYTHON        a Python with what is compared with (default: python3)
#   THREADS       on how many threads models run (default: 1 2)
set -euo pipefail
cd "$(dirname "$0")/.."
octavo=${OCTAVO:-.build/release/octavo}
python=${PYTHON:-python3}
"$octavo" benchmark kernels --threads 1
"$octavo" benchmark kernels --threads 1 --scheme 2x8g8 --json | "$python" Benchmarks/numba_kernel.py ||
    echo "PyPI's aqlm and numba: not measured" >&2
[ -n "${OCTAVO_MODEL:-}" ] || exit 0
for threads in ${THREADS:-1 2}; do
    "$octavo" benchmark inference "$OCTAVO_MODEL" --threads "$threads"
    [ -n "${ORIGINAL:-}" ] || continue
    "$python" Benchmarks/llama.py "$ORIGINAL" "$threads" ||
        echo "PyPI's llama-cpp-python: not measured" >&2
done
