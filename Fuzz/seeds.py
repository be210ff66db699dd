#!/usr/bin/env python3
"""Puts the seeds of every fuzzer into FOLDER/<name>/: the vectors of formats/ and the fixtures of the tests.

    Fuzz/seeds.py FOLDER
"""

import io
import json
import pathlib
import sys
import zipfile

root = pathlib.Path(__file__).resolve().parent.parent
fixtures = root / "Tests/OctavoCheckpointTests/Fixtures"
target = pathlib.Path(sys.argv[1])


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

for path in fixtures.glob("tokenizer/*/tokenizer.json"):
    seed("TokenizerJSON", path.parent.name, path.read_bytes())

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
