#!/usr/bin/env bash
# Lets PyPI's `huggingface_hub` and Debian's git-lfs use `octavo hub serve`, and one cache together with `octavo push` and
# `pull`; then PyPI's `model-signing` and Octavo check each other's signatures (signing.sh). Installs the first in
# .venv-hub; with --install that, and what signing.sh needs, is all it does.
set -euo pipefail
cd "$(dirname "$0")/../.."

# The stamp is written last: a failed installation is begun again.
if ! [ -f .venv-hub/installed ]; then
    python3 -m venv --clear .venv-hub
    .venv-hub/bin/pip install --quiet huggingface_hub jsonschema pyyaml
    touch .venv-hub/installed
fi
[ "${1:-}" != --install ] || exec scripts/interop/signing.sh --install
octavo=${1:-$PWD/.build/release/octavo}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"; [ -z "${server:-}" ] || kill "$server" 2>/dev/null || true' EXIT
HF_TOKEN=$("$octavo" hub token create --root "$scratch/hub" --user interop --role write)
# Parts of a megabyte, so that files of a few go in several.
"$octavo" hub serve --root "$scratch/hub" --port 0 --part-size 1MB >"$scratch/endpoint" 2>"$scratch/hub.log" &
server=$!
for _ in $(seq 600); do [ -s "$scratch/endpoint" ] && break; sleep 0.1; done
HF_ENDPOINT=$(head -n 1 "$scratch/endpoint")
[ -n "$HF_ENDPOINT" ] || { cat "$scratch/hub.log" >&2; exit 1; }
export HF_TOKEN HF_ENDPOINT HF_HOME="$scratch/home" OCTAVO="$octavo"

echo "huggingface_hub against octavo hub serve"
.venv-hub/bin/python scripts/interop/hub_roundtrip.py
echo "huggingface_hub, git-lfs and octavo on one hub and in one cache"
.venv-hub/bin/python scripts/interop/hub_clients.py
echo "huggingface_hub's ModelCard and PyYAML on cards"
.venv-hub/bin/python scripts/interop/card.py Tests/OctavoPublisherTests/Fixtures/cards/*.md
echo "PyYAML and jsonschema on manifests"
.venv-hub/bin/python scripts/interop/manifests.py
scripts/interop/signing.sh "$octavo"
