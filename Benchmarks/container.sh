#!/usr/bin/env bash
# Packs models into .aqlm files and prints sizes and speeds as ratios, all measured in this run.
#
#   FOLDED    an AQLM model in a folder: how large its container is beside its safetensors
#   SMALL     a .aqlm file with encoded embeddings, and
#   ORIGINAL  the model it was made from: how large the whole is beside 16 bits a weight
#   SIZE_MB   the size of the checkpoint that speeds are measured with, made up (default: 1500)
#   RUN_MB    the size of the folded model that is made up to be run where it is mapped (default: 1000)
#   FOLDER    where to make them (default: a temporary folder)
#   OCTAVO    the binary (default: .build/release/octavo)
#
# Of a model to be run, the time counts from the start of the process to the first product, with its file in the page
# cache, the fastest of five; its memory counts pages of the mapped file.
#
# The made-up checkpoint has brain floats whose exponents vary as those of weights do and whose mantissas are
# noise. Each command runs three times and the fastest counts, on two threads. `cp` and `sha256sum` run one after the other, as a user's script would.
set -euo pipefail
cd "$(dirname "$0")/.."
export OCTAVO=${OCTAVO:-$PWD/.build/release/octavo}
work=$(mktemp -d ${FOLDER:+-p "$FOLDER"})
trap 'rm -rf "$work"' EXIT

python3 - "$work" "${SIZE_MB:-1500}" "${RUN_MB:-1000}" "${FOLDED:-}" "${SMALL:-}" "${ORIGINAL:-}" <<'PY'
import json, os, pathlib, re, resource, shutil, struct, subprocess, sys, tempfile, time

work, megabytes, to_run = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
folded, small, original = sys.argv[4:]
octavo = os.environ["OCTAVO"]

def line(what, value, unit, bound, holds):
    print(f"{what:48}{value:>10.3f} {unit:14}{bound:>9}  {'yes' if holds else 'NO'}")

def weights(folder):
    return sum(f.stat().st_size for f in pathlib.Path(folder).glob("*.safetensors"))

def parameters(folder):
    shown = subprocess.run([octavo, "inspect", folder, "--json"], capture_output=True, check=True)
    return json.loads(shown.stdout)["parameters"]

def best(*commands, before=lambda: None):
    """The wall and processor seconds of the fastest of three runs."""
    found = []
    for _ in range(3):
        before()
        start, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        for command in commands:
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append((time.monotonic() - start, end.ru_utime + end.ru_stime - used.ru_utime - used.ru_stime))
    return min(found)

print(f"{'':48}{'':10} {'':14}{'asked':>9}  holds")
if not folded:
    print("size of a folded model's container: not measured, as FOLDED names none")
if not (small and original):
    print("size with encoded embeddings: not measured, as SMALL and ORIGINAL name none")
if folded:
    packed = work / "folded.aqlm"
    subprocess.run([octavo, "pack", folded, packed], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    ratio = packed.stat().st_size / weights(folded)
    line("folded: .aqlm / safetensors", ratio, "", "<= 0.80", ratio <= 0.80)
if small and original:
    # The original in 16 bits: weights alone, whatever its own files hold them in.
    ratio = 2 * parameters(original) / os.path.getsize(small)
    line("original in 16 bits / .aqlm with embeddings", ratio, "times", ">= 7", ratio >= 7)
    with tempfile.TemporaryDirectory(dir=work) as folder:
        subprocess.run([octavo, "unpack", small, f"{folder}/there"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        cost = json.loads(pathlib.Path(f"{folder}/there/octavo.json").read_text())["recipe"].get("embeddings")
    if cost:
        print(f"  {cost['encoding']} alone costs KL {cost['kl']:.3f} on the calibration text")

def checkpoint(name, count, side):
    """Layers of side x side."""
    folder, size = work / name, side * side
    folder.mkdir()
    exponents = bytes((i & 0x80) | 0x3A + min(3, (i & 0x7F).bit_length() // 2) for i in range(256))
    header = {
        f"model.layers.{i}.mlp.up_proj.weight": {
            "dtype": "BF16", "shape": [side, side], "data_offsets": [2 * size * i, 2 * size * (i + 1)]}
        for i in range(count)}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(folder / "model.safetensors", "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for _ in range(count):
            tensor = bytearray(2 * size)
            tensor[0::2] = os.urandom(size)
            tensor[1::2] = os.urandom(size).translate(exponents)
            out.write(tensor)
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"}))
    return folder

count = max(1, megabytes * 1_000_000 // (2 * 4096 * 4096))
source = checkpoint("model", count, 4096)
packed, copied, again = work / "model.aqlm", work / "copied", work / "again"
def without(*paths):
    def remove():
        for path in paths:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    return remove
threads = ["--threads", "2"]
size = (source / "model.safetensors").stat().st_size / 1e6
copy, copy_used = best(
    ["cp", "-r", source, copied], ["sha256sum", copied / "model.safetensors"], before=without(copied))
pack, pack_used = best([octavo, "pack", source, packed, *threads], before=without(packed))
unpack, unpack_used = best([octavo, "unpack", packed, again, *threads], before=without(again))
print(f"made-up checkpoint of {size:.0f} MB, packed {packed.stat().st_size / 1e6:.0f} MB; MB a second of its files:")
print(f"  cp and sha256sum {size / copy:.0f} ({copy_used:.1f} CPU-s), pack {size / pack:.0f} ({pack_used:.1f} CPU-s), "
      f"unpack {size / unpack:.0f} ({unpack_used:.1f} CPU-s)")
line("pack / (cp and sha256sum)", copy / pack, "of the speed", ">= 0.5", copy / pack >= 0.5)
line("unpack / (cp and sha256sum)", copy / unpack, "of the speed", ">= 0.5", copy / unpack >= 0.5)

# Bytes as they are stored: what verifying them costs beside digesting alone.
verify, _ = best([octavo, "verify", packed, "--digests", *threads])
speed = subprocess.run(
    ["openssl", "speed", "-multi", "2", "-bytes", "16384", "-seconds", "3", "sha256"], capture_output=True, text=True, check=True)
rate = float(re.search(r"^sha256\s+([\d.]+)k", speed.stdout, re.M)[1]) / 1000
mine = packed.stat().st_size / 1e6 / verify
line("verify / openssl speed, two threads", mine / rate, "of the rate", ">= 0.9", mine / rate >= 0.9)

# Opening takes what the header takes: as many tensors of 256 times the bytes cost the same.
few = work / "few.aqlm"
subprocess.run([octavo, "pack", checkpoint("few", count, 256), few], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
many, little = (best([octavo, "inspect", path, "--json"]) for path in (packed, few))
ratio = (many[1] + 1e-3) / (little[1] + 1e-3)
line("opening / opening of 1/256 of the bytes", ratio, "of the CPU", "<= 2", ratio <= 2)
few.unlink()
packed.unlink()
shutil.rmtree(source)

def load(path, tokens=64):
    """Seconds until a model is ready and until its first token, and the most memory, of the fastest of five."""
    found = []
    for _ in range(5):
        start, ends = time.monotonic(), {}
        process = subprocess.Popen(
            [octavo, "benchmark", "load", path, "--tokens", str(tokens), *threads], stdout=subprocess.PIPE, text=True)
        for text in process.stdout:
            ends[text.split(":")[0]] = time.monotonic() - start
        _, status, used = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"loading {path} failed")
        found.append((ends["ready"], ends["first token"], used.ru_maxrss / 1000))
    return min(found)

# A model that is run where it is mapped, beside the same in the other forms.
made = work / "made"
subprocess.run([sys.executable, "Benchmarks/folded.py", made, str(to_run)], check=True)
print(f"made-up folded model; ready to run, milliseconds from the start of the process; most MB within 64 tokens:")
for name, options in [("files", None), ("packed", []), ("packed to be mapped", ["--mapped"])]:
    path = made if options is None else work / f"{'mapped' if options else 'packed'}.aqlm"
    if options is not None:
        subprocess.run([octavo, "pack", made, path, *options, *threads], stdout=subprocess.DEVNULL, check=True)
    size = sum(f.stat().st_size for f in path.iterdir()) if path.is_dir() else path.stat().st_size
    ready, first, memory = load(path)
    print(f"  {name:24}{size / 1e6:8.0f} MB, ready {1000 * ready:6.0f}, first token {1000 * first:6.0f}, memory {memory:6.0f}")
    if options == []:
        smaller = size
line("to be mapped / packed otherwise", size / smaller, "of the size", "", True)
line("mapped: from the start to the first product", 1000 * ready, "ms", "< 100", ready < 0.1)
line("mapped: most memory / file", memory / (size / 1e6), "", "<= 1.1", memory <= 1.1 * size / 1e6)
PY
