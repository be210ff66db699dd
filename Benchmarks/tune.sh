#!/usr/bin/env bash
# Makes a few steps of a tuning and prints operations a second of processor time over those of a large product,
# measured in the same run on the same threads.
#
#   OCTAVO        the binary (default: .build/release/octavo)
#   OCTAVO_TUNED  a quantized model (default: one that is made up)
#   UPDATES       what is learned (default: codebooks both)
#   THREADS       on how many threads (default: 1 2)
set -euo pipefail
cd "$(dirname "$0")/.."
octavo=${OCTAVO:-.build/release/octavo}
printf '%-12s%8s%12s%11s%19s\n' update threads 'CPU s/step' tokens/s 'GFLOP/s over peak'
for update in ${UPDATES:-codebooks both}; do
    for threads in ${THREADS:-1 2}; do
        "$octavo" benchmark tune ${OCTAVO_TUNED:+"$OCTAVO_TUNED"} --update "$update" --threads "$threads" --json |
            python3 -c 'import json, sys
run = json.load(sys.stdin)
print("%-12s%8d%12.3f%11.0f%19.3f" % (run["update"], run["threads"], run["cpu_seconds"],
                                      run["tokens_per_second"], run["share_of_peak"]))'
    done
done
