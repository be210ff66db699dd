#!/usr/bin/env bash
# Compares Octavo with the Python packages that its files are meant for, on a CPU: `transformers` with
# `aqlm` loads the demo's artifact unchanged and must give Octavo's logits; `huggingface_hub` must
# push to and pull from the embedded hub; `openai` uses the artifact where it is served; `gguf` opens the GGUF
# files that Octavo writes, and llama.cpp gives the same logits and tokens, if llama-cpp-python is installed in
# .venv-interop (its build takes half an hour).
#
#   TORCH   the requirement for torch, default "torch"
set -euo pipefail
cd "$(dirname "$0")/../.."

octavo=$PWD/.build/release/octavo
artifact=${1:-$PWD/.demo/artifact}
[ -f "$artifact/config.json" ] || {
    echo "error: no artifact at $artifact; run make demo first, or name one" >&2
    exit 1
}

# The stamp is written last: a failed installation is begun again.
if ! [ -f .venv-interop/installed ]; then
    python3 -m venv --clear .venv-interop
    .venv-interop/bin/pip install --quiet "${TORCH:-torch}" transformers accelerate "aqlm[cpu]" scipy \
        safetensors tokenizers gguf
    touch .venv-interop/installed
fi

# aqlm's CPU kernel adds into one vector from several threads: with more than one its logits are
# wrong, so that is what it gets.
export NUMBA_NUM_THREADS=1

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

echo "transformers + aqlm on $artifact"
echo "[1, 4093, 198, 1780, 314, 260, 3575, 282, 4649, 47, 253, 1838, 28, 665, 436, 253]" >"$scratch/ids.json"
"$octavo" evaluate "$artifact" --tokens "$scratch/ids.json" --logits "$scratch/logits.safetensors"
.venv-interop/bin/python scripts/interop/compare_logits.py "$artifact" "$scratch/ids.json" "$scratch/logits.safetensors"

echo "tokenizers on $artifact"
.venv-interop/bin/python scripts/interop/load_tokenizer.py "$artifact"

echo "gguf, and llama.cpp where it is installed, on $artifact made dense"
"$octavo" convert "$artifact" "$scratch/dense" --to dense --dtype f32
mkdir "$scratch/gguf"
.venv-interop/bin/python scripts/interop/compare_gguf.py "$octavo" "$scratch/dense" "$scratch/gguf"
rm -r "$scratch/gguf" "$scratch/dense"

scripts/interop/hub.sh "$octavo"
scripts/interop/openai.sh "$octavo" "$artifact"
echo "interop holds"
