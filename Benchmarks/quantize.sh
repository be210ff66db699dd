#!/usr/bin/env bash
# Quantizes single layers at every effort and prints what came out as ratios, all measured in this run:
# operations a second over those of a large matrix product on the same threads; and, where there are layers
# with a reference.json beside them, loss and CPU seconds over what the public AQLM implementation took.
#
#   OCTAVO_LAYERS   the folder of the layers (default: golden/layers of ../shared); where there is none,
#                   layers are made up, and losses and seconds stand for themselves
#   OCTAVO          the binary (default: .build/release/octavo)
#   EFFORTS SCHEMES what to run (default: quick standard max; 2x8g8 1x8g8)
set -euo pipefail
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1
octavo=${OCTAVO:-.build/release/octavo}
layers=${OCTAVO_LAYERS:-../shared/golden/layers}
efforts=${EFFORTS:-quick standard max}
schemes=${SCHEMES:-2x8g8 1x8g8}
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

for scheme in $schemes; do
    for effort in $efforts; do
        options=(--scheme "$scheme" --effort "$effort" --threads 1 --json)
        if [ -e "$layers/reference.json" ]; then
            for layer in "$layers"/*.safetensors; do
                name=$(basename "$layer" .safetensors)
                "$octavo" benchmark quantize --layer "$layer" "${options[@]}" \
                    >"$results/$scheme $effort $name"
            done
        else
            for shape in 576x576 1536x576 576x1536; do
                "$octavo" benchmark quantize --rows "${shape%x*}" --columns "${shape#*x}" "${options[@]}" \
                    >"$results/$scheme $effort $shape"
            done
        fi
    done
done

python3 - "$results" "$layers/reference.json" <<'EOF'
import json, pathlib, statistics, sys

folder, reference = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
known = {}
if reference.exists():
    for row in json.loads(reference.read_text())["layers"]:
        known[row["scheme"], row["layer"]] = row
    print("loss and CPU seconds over the public AQLM implementation's, one thread")
else:
    print(f"no layers at {reference.parent}: made-up ones, losses and CPU seconds as they are")
order = {"quick": 0, "standard": 1, "max": 2}
runs = sorted((f.name.split(" ") for f in folder.iterdir()), key=lambda r: (r[0], order[r[1]], r[2]))
print(f"{'scheme':8}{'effort':10}{'layer':22}{'loss':>10}{'CPU':>9}{'GFLOP/s over peak':>19}")
groups = {}
for scheme, effort, layer in runs:
    run = json.loads((folder / f"{scheme} {effort} {layer}").read_text())
    loss, seconds = run["relative_loss"], run["cpu_seconds"]
    if known:
        if (scheme, layer) not in known:
            continue
        loss /= known[scheme, layer]["relative_loss"]
        seconds /= known[scheme, layer]["cpu_seconds"]
    groups.setdefault((scheme, effort), []).append((loss, seconds, run["share_of_peak"]))
    print(f"{scheme:8}{effort:10}{layer:22}{loss:10.4f}{seconds:9.4f}{run['share_of_peak']:19.3f}")
for (scheme, effort), rows in groups.items():
    means = [statistics.mean(column) for column in zip(*rows)]
    print(f"{scheme:8}{effort:10}{'mean':22}{means[0]:10.4f}{means[1]:9.4f}{means[2]:19.3f}")
EOF
