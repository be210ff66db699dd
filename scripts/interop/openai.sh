#!/usr/bin/env bash
# Lets PyPI's `openai` use `octavo serve`: a tiny model of random weights, or the one that is named. Installs the package in
# .venv-openai; with --install that is all it does.
#
#   scripts/interop/openai.sh [OCTAVO [MODEL]]
set -euo pipefail
cd "$(dirname "$0")/../.."

# The stamp is written last: a failed installation is begun again.
if ! [ -f .venv-openai/installed ]; then
    python3 -m venv --clear .venv-openai
    .venv-openai/bin/pip install --quiet openai
    touch .venv-openai/installed
fi
[ "${1:-}" != --install ] || exit 0
octavo=${1:-$PWD/.build/release/octavo}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"; [ -z "${server:-}" ] || kill "$server" 2>/dev/null || true' EXIT
model=${2:-}
if [ -z "$model" ]; then
    model=$scratch/tiny
    python3 scripts/interop/tiny_model.py "$model"
fi
python3 -c 'import secrets; print(secrets.token_hex(24))' >"$scratch/key"
chmod 600 "$scratch/key"
"$octavo" serve "$model" --port 0 --model-name served --api-key-file "$scratch/key" \
    >"$scratch/endpoint" 2>"$scratch/log" &
server=$!
for _ in $(seq 1200); do
    [ -s "$scratch/endpoint" ] && break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
done
OPENAI_BASE_URL=$(head -n 1 "$scratch/endpoint")
[ -n "$OPENAI_BASE_URL" ] || { cat "$scratch/log" >&2; exit 1; }
OPENAI_API_KEY=$(cat "$scratch/key")
export OPENAI_BASE_URL OPENAI_API_KEY

echo "openai against octavo serve"
.venv-openai/bin/python scripts/interop/openai_client.py || { cat "$scratch/log" >&2; exit 1; }
kill -TERM "$server"
wait "$server"
server=
! grep -q "$OPENAI_API_KEY" "$scratch/log" || { echo "error: the key is in the log" >&2; exit 1; }
