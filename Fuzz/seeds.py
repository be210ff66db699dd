#!/usr/bin/env python3
"""Puts the seeds of every fuzzer into FOLDER/<name>/: the vectors of formats/, the fixtures of the tests, and what
OCTAVO writes of these.

    Fuzz/seeds.py FOLDER OCTAVO
"""

import io
import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile

root = pathlib.Path(__file__).resolve().parent.parent
fixtures = root / "Tests/OctavoCheckpointTests/Fixtures"
target = pathlib.Path(sys.argv[1])
octavo = sys.argv[2]
# As much as a fuzzer reads of an input.
LONGEST = 65536


def seed(fuzzer: str, name: str, content: bytes) -> None:
    folder = target / fuzzer
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name.replace("/", "-")).write_bytes(content)


def vectors(path: pathlib.Path) -> list[tuple[str, bytes]]:
    return [(item["name"], bytes.fromhex(item["file"])) for item in json.loads(path.read_text())]


# What is read from one file each: a list of vectors in hexadecimal, sound and lying.
for fuzzer, file in [
    ("Safetensors", "safetensors.json"),
    ("Safetensors", "invalid/safetensors/files.json"),
    ("PyTorch", "invalid/pytorch/files.json"),
    ("GGUF", "gguf.json"),
    ("GGUF", "invalid/gguf/container.json"),
    ("GGUF", "invalid/gguf/model.json"),
    ("Container", "aqlm-container.json"),
    ("Container", "invalid/aqlm-container/files.json"),
]:
    for name, content in vectors(root / "formats/vectors" / file):
        seed(fuzzer, name, content)
seed("Safetensors", "every-dtype", (fixtures / "dtypes/every-dtype.safetensors").read_bytes())
for path in (fixtures / "pytorch").glob("*.[bp]*"):
    if path.suffix != ".py":
        seed("PyTorch", path.name, path.read_bytes())

# A spoilt pickle does not have its checksum any more: pickles are fuzzed without the archive as well.
for path in (target / "PyTorch").iterdir():
    try:
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
            seed("Pickle", path.name, archive.read(pickles[0]))
    except Exception:
        continue  # one that lies about its pickle
seed("GGUF", "tiny-llama", (fixtures / "tiny-llama.gguf").read_bytes())
for path in (fixtures / "gguf").glob("*.gguf"):
    seed("GGUF", path.name, path.read_bytes())



def made(source: pathlib.Path, suffix: str, *options: str) -> bytes | None:
    """What the binary writes of a model; None where it refuses, as of shards without the others."""
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / ("model" + suffix)
        command = [octavo, "convert", source, output, "--to", suffix.replace(".", ""), *options]
        done = subprocess.run(command, capture_output=True)
        return output.read_bytes() if done.returncode == 0 else None


models = [fixtures / "tiny-llama.gguf", *sorted((fixtures / "gguf").glob("*.gguf"))]
for model in models:
    for kind in ["f32", "bf16", "q8_0", "q4_k"]:
        content = made(model, ".gguf", "--type", kind)
        if content and len(content) <= LONGEST:
            for fuzzer in ["GGUF", "GGUFWriting"]:
                seed(fuzzer, f"written-{model.stem}-{kind}", content)
    seed("GGUFWriting", model.name, model.read_bytes())
for model in [*models, *sorted((fixtures / "aqlm").iterdir())]:
    content = made(model, ".aqlm")
    if content and len(content) <= LONGEST:
        seed("Container", f"written-{model.stem}", content)
    content = made(model, ".aqlm", "--mapped")
    if content and len(content) <= LONGEST:
        seed("Container", f"mapped-{model.stem}", content)

for path in fixtures.glob("tokenizer/*/tokenizer.json"):
    seed("TokenizerJSON", path.parent.name, path.read_bytes())
for path in fixtures.glob("tokenizer/sentencepiece/**/*.model"):
    seed("SentencePiece", path.name, path.read_bytes())

for path in (root / "Tests").rglob("config.json"):
    seed("Config", str(path.relative_to(root)), path.read_bytes())
    seed("JSONText", str(path.relative_to(root)), path.read_bytes())
AQLM = {
    "quant_method": "aqlm",
    "nbits_per_codebook": 8,
    "num_codebooks": 2,
    "in_group_size": 8,
    "out_group_size": 1,
    "linear_weights_not_to_quantize": ["lm_head", "lm_head.weight"],
}
seed("Config", "aqlm", json.dumps({"model_type": "llama", "quantization_config": AQLM}).encode())
for name, text in [
    ("numbers", "[0, -1, 1.5e-9, 9223372036854775807, 18446744073709551616]"),
    ("strings", '{"a": "\\u00e9\\ud83d\\ude00\\n", "": "é"}'),
    ("words", "[true, false, null, {}, []]"),
]:
    seed("JSONText", name, text.encode())
