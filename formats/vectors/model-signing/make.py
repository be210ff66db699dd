#!/usr/bin/env python3
"""Writes ../model-signing.json: directories signed by PyPI's `model-signing`, each with the public key.

    pip install model-signing pyOpenSSL
    make.py

Needs `openssl` too. Files are in hexadecimal by their paths, model.sig among them; `ignored` is what the tool was told to
leave out. The keys are thrown away.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

FILES = {
    "README.md": "# A model\n",
    "config.json": "{}\n",
    # Sorted part by part, what is in a folder stands before the file whose name begins alike.
    "a/b.bin": "\0\1\2",
    "a.txt": "a",
    "naïve.json": "[]",
    "empty": "",
    ".gitattributes": "*.bin filter=lfs\n",
}
TOOL = str(pathlib.Path(sys.executable).parent / "model_signing")


def case(name, curve, ignored):
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch) / "model"
        for path, text in FILES.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(text.encode())
        key, public = pathlib.Path(scratch) / "key.pem", pathlib.Path(scratch) / "key.pub.pem"
        subprocess.run(["openssl", "ecparam", "-name", curve, "-genkey", "-noout", "-out", key], check=True)
        subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True)
        options = [option for path in ignored for option in ("--ignore-paths", folder / path)]
        subprocess.run(
            [TOOL, "sign", "key", folder, "--private_key", key, "--signature", folder / "model.sig", *options],
            check=True,
        )
        files = {str(p.relative_to(folder)): p.read_bytes().hex() for p in sorted(folder.rglob("*")) if p.is_file()}
        return {"name": name, "ignored": ignored, "public_key": public.read_text(), "files": files}


cases = [
    case("P-256", "prime256v1", []),
    case("P-384, without the card", "secp384r1", ["README.md"]),
    case("P-521, without a folder and the card", "secp521r1", ["README.md", "a"]),
]
text = json.dumps(cases, indent=2, sort_keys=True)
(pathlib.Path(__file__).parent.parent / "model-signing.json").write_text(text + "\n")
