#!/usr/bin/env python3
"""Writes ../keys.json: keys as OpenSSL's commands make them, with their fingerprints and a signature each.

    make.py

Needs `openssl` (1.1.1 or newer) and the standard library. The keys protect nothing; they are made anew at each run.
`error` is what the key is refused for, in the words of the error's clause; null where it is accepted.
"""

import base64
import hashlib
import json
import pathlib
import subprocess
import tempfile

MESSAGE = "octavo"
HASHES = {"prime256v1": "sha256", "secp384r1": "sha384", "secp521r1": "sha512"}
NAMES = {"prime256v1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
scratch = pathlib.Path(tempfile.mkdtemp())


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout


def generate(curve):
    return openssl("ecparam", "-name", curve, "-genkey", "-noout")


def case(name, private, curve=None, passphrase=None, error=None):
    entry = {"name": name, "private": private.decode(), "passphrase": passphrase, "error": error}
    if error is None:
        secret = ["-passin", f"pass:{passphrase}"] if passphrase else []
        (scratch / "key").write_bytes(private)
        public = openssl("pkey", "-in", str(scratch / "key"), *secret, "-pubout")
        (scratch / "message").write_text(MESSAGE)
        signature = openssl("dgst", "-" + HASHES[curve], "-sign", str(scratch / "key"), *secret, str(scratch / "message"))
        entry |= {
            "curve": NAMES[curve],
            "public": public.decode(),
            "fingerprint": hashlib.sha256(public).hexdigest(),
            "signature": base64.b64encode(signature).decode(),
        }
    return entry


cases = []
for curve in HASHES:
    sec1 = generate(curve)
    pkcs8 = openssl("pkcs8", "-topk8", "-nocrypt", data=sec1)
    sealed = openssl("pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:an octavo", data=sec1)
    legacy = openssl("ec", "-aes128", "-passout", "pass:an octavo", data=sec1)
    cases += [
        case(f"{curve}, SEC 1", sec1, curve),
        case(f"{curve}, PKCS #8", pkcs8, curve),
        case(f"{curve}, encrypted PKCS #8", sealed, curve, "an octavo"),
        case(f"{curve}, encrypted SEC 1", legacy, curve, "an octavo"),
        case(f"{curve}, encrypted, no passphrase", sealed, error="no passphrase was given"),
        case(f"{curve}, encrypted, another passphrase", sealed, passphrase="a quarto", error="another passphrase"),
        case(f"{curve}, encrypted, an empty passphrase", sealed, passphrase="", error="1 to 1024 bytes"),
    ]
parameters = openssl("ecparam", "-name", "prime256v1", "-genkey")
cases += [
    case("behind its parameters", parameters, "prime256v1"),
    case("its curve written out", openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-param_enc", "explicit"),
         error="that its parameters describe"),
    case("of Bitcoin's curve", generate("secp256k1"), error="on the curve secp256k1"),
    case("of P-224", generate("secp224r1"), error="on the curve secp224r1"),
    case("RSA", openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"), error="of the kind RSA"),
    case("Ed25519", openssl("genpkey", "-algorithm", "ED25519"), error="of the kind ED25519"),
    case("a public key", openssl("ec", "-pubout", data=generate("prime256v1")), error="holds a public key"),
    case("cut off", generate("prime256v1")[:120], error="holds no sound key"),
    case("its numbers exchanged", generate("prime256v1").replace(b"\nMHcC", b"\nMHcD"), error="holds no sound key"),
    case("nothing", b"", error="holds no sound key"),
    case("a text", b"PRIVATE KEY-----", error="holds no sound key"),
]
text = json.dumps({"message": MESSAGE, "keys": cases}, indent=2, sort_keys=True)
(pathlib.Path(__file__).parent.parent / "keys.json").write_text(text + "\n")
