#!/usr/bin/env bash
# Quantizes a whole model in several ways and prints what came out as ratios to the original, all measured in
# this run: perplexity over the original's, divergence from it, processor time, the most memory.
#
#   OCTAVO_MODEL  the original, in Hugging Face layout (default: what `make demo` leaves in .demo/original)
#   OCTAVO_DATA   a folder with calibration/wiki.txt, whose lines of markup are left out, calibration/c4.txt,
#                 evaluation/wikitext2-test.txt and evaluation/c4.txt (default: ../shared/data)
#   OCTAVO        the binary (default: .build/release/octavo)
#   RUNS          what to run, separated by semicolons (default: 2x8g8, 1x8g8 and 4x8g16, each with and
#                 without block tuning; 2x8g8 with the weights' own targets)
#   TOKENS WINDOWS  of calibration and of evaluation (default: 131072 and 60 of 512)
set -euo pipefail
cd "$(dirname "$0")/.."
octavo=${OCTAVO:-.build/release/octavo}
model=${OCTAVO_MODEL:-.demo/original}
data=${OCTAVO_DATA:-../shared/data}
runs=${RUNS:-2x8g8;2x8g8 --targets weights;2x8g8 --block-tuning-epochs 3;1x8g8;1x8g8 --block-tuning-epochs 3;4x8g16;4x8g16 --block-tuning-epochs 3}
if ! [ -e "$model/config.json" ] || ! [ -e "$data/evaluation/c4.txt" ]; then
    echo "skipped: no model at $model (make demo leaves one), or no text in $data"
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed '/^<\/\{0,1\}doc/d' "$data/calibration/wiki.txt" | cat -s >"$work/wiki.txt"
printf '%-36s%8s%8s%8s%8s%9s%12s\n' run wiki/o KL c4/o KL 'CPU s' 'MB at most'
IFS=';' read -ra all <<<"$runs"
for run in "${all[@]}"; do
    rm -rf "$work/folded"*
    read -ra options <<<"$run"
    /usr/bin/env python3 - "$work/usage" "$octavo" quantize "$model" "$work/folded" \
        --calibration "$work/wiki.txt" "$data/calibration/c4.txt" --tokens "${TOKENS:-131072}" --scheme "${options[@]}" <<'PY'
import resource, subprocess, sys
status = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
open(sys.argv[1], "w").write(f"{used.ru_utime + used.ru_stime:.0f} {used.ru_maxrss // 1024}\n")
sys.exit(status)
PY
    figures=
    for text in wikitext2-test c4; do
        figures+=$("$octavo" evaluate "$work/folded" --teacher "$model" --text "$data/evaluation/$text.txt" \
            --sequence-length 512 --windows "${WINDOWS:-60}" --json |
            python3 -c 'import json, sys; e = json.load(sys.stdin)
print("%8.3f%8.3f" % (e["perplexity"] / e["teacher_perplexity"], e["kl"]), end="")')
    done
    read -r cpu memory <"$work/usage"
    printf '%-36s%s%9s%12s\n' "$run" "$figures" "$cpu" "$memory"
done
