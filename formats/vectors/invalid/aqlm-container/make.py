#!/usr/bin/env python3
"""Writes files.json beside this script, containers that lie, and ../../aqlm-container.json, sound ones.

    make.py

Every container is put together here from formats/aqlm-container.md, with nothing but the standard library; zstd
frames are written by hand. An invalid one is named after the check that refuses it; `stage` says when that is:
on opening, or on verifying what was opened. A valid one has the SHA-256 of every file in it.
"""

import copy
import hashlib
import json
import pathlib
import struct

MAGIC = b"\x89AQL\r\n\x1a\n"
MIB = 1 << 20


def sha(data):
    return hashlib.sha256(data).digest()


def canonical(value):
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode())
        return "{" + ",".join(canonical(key) + ":" + canonical(value[key]) for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, int):
        return str(value)
    short = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    text = "".join(
        short.get(c) or (f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) == 127 else c) for c in value
    )
    return '"' + text + '"'


def root(leaves):
    """RFC 6962, section 2.1: the left subtree has the largest power of two below the count."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha(b"\1" + root(leaves[:split]) + root(leaves[split:]))


def frame_rle(byte, count):
    return b"\x28\xb5\x2f\xfd\x60" + struct.pack("<H", count - 256) + struct.pack("<I", 3 | count << 3)[:3] + bytes([byte])


def frame_text(content):
    """A frame of up to a MiB that ends in equal bytes: a block of the bytes before them, then runs."""
    body = content.rstrip(content[-1:])
    pieces = [(0, body)] if body else []
    left = len(content) - len(body)
    while left:
        pieces.append((1, content[-1:] * min(left, 1 << 17)))
        left -= len(pieces[-1][1])
    frame = b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(content))
    for i, (kind, piece) in enumerate(pieces):
        frame += struct.pack("<I", (i + 1 == len(pieces)) | kind << 1 | len(piece) << 3)[:3]
        frame += piece[:1] if kind else piece
    return frame


def part(stored, content=None, encoding="raw", tensor=None, **members):
    content = stored if content is None else content
    entry = {"encoding": encoding, "length": len(stored), "sha256": sha(content).hex(), "size": len(content)}
    if tensor:
        entry["tensor"] = dict(zip(("name", "dtype", "shape"), tensor))
    return {**entry, **members}, stored, content


def tensor_file(path, *parts):
    """Parts of tensors behind the safetensors header that describes them."""
    header, offset = {}, 0
    for entry, _, content in parts:
        tensor = entry["tensor"]
        header[tensor["name"]] = {
            "dtype": tensor["dtype"],
            "shape": tensor["shape"],
            "data_offsets": [offset, offset + len(content)],
        }
        offset += len(content)
    text = json.dumps(header).encode()
    return path, [part(struct.pack("<Q", len(text)) + text), *parts]


def padded_header(item, size):
    """A file of tensors whose header is padded with spaces to so many bytes, and stored as frames."""
    path, (header, *tensors) = item
    text = header[1][8:].ljust(size - 8)
    content = struct.pack("<Q", len(text)) + text
    frames = [frame_text(content[i : i + MIB]) for i in range(0, size, MIB)]
    stored = b"".join(frames) + struct.pack(f"<{len(frames)}I", *map(len, frames))
    return path, [part(stored, content, "zstd"), *tensors]


def container(files, *, edit=None, text=None, leaves=None, pad=b"\0", requires=(), preamble=None, data=None, spare=0):
    """A container; the arguments after the files make it lie."""
    header = {"files": [], "requires": list(requires)}
    for path, parts, *more in files:
        item = {"path": path, "parts": [copy.deepcopy(entry) for entry, _, _ in parts]}
        for extra in more:
            item.update(extra)
        header["files"].append(item)
    total = sum(len(stored) for _, parts, *_ in files for _, stored, _ in parts)
    room = (len(canonical(header)) + 64 * (total // MIB + 3) + 200 + spare) // 64 * 64
    body = bytearray()
    for _, parts, *_ in files:
        for entry, stored, content in parts:
            if entry["size"]:
                align = 16384 if entry["size"] >= MIB else 64
                while (64 + room + len(body)) % align:
                    body += pad
            body += stored
    if data:
        body = data(body)
    digests = [sha(b"\0" + bytes(body[i : i + MIB])) for i in range(0, len(body), MIB)]
    header["leaves"] = b"".join(digests).hex() if leaves is None else leaves
    if edit:
        edit(header)
    written = (text or canonical)(header).encode() if not isinstance(text, bytes) else text
    written += b" " * (room - len(written))
    first = MAGIC + struct.pack("<HHIQQ", 1, 0, 0, room, 64 + room + len(body))
    if preamble:
        first = preamble(first)
    identity = sha(b"\2" + first + root([sha(b"\0" + written), *digests]))
    return bytes(first + identity + written + body)


def patched(offset, data):
    return lambda first: first[:offset] + data + first[offset + len(data) :]


# Sound ones.

CONFIG = ("config.json", [part(b'{"model_type":"llama"}')])
VALUES = struct.pack("<4e", 1.5, -2, 0, 0.25)
CODES = [-8, 7, 0, -1, 3, 5, -3]


def packed(codes, bits):
    value = sum((code % (1 << bits)) << (bits * i) for i, code in enumerate(codes))
    return value.to_bytes((len(codes) * bits + 7) // 8, "little")


BITS4 = part(packed(CODES, 4), struct.pack("<7b", *CODES), "bits", ("c4", "I8", [7]), bits=4)
BITS12 = part(packed([-2048, 2047, -1], 12), struct.pack("<3h", -2048, 2047, -1), "bits", ("c12", "I16", [3]), bits=12)
RAW = part(VALUES, None, "raw", ("w", "F16", [2, 2]))
# 600 times 1.0 in BF16 is 3F80; turned left by one 7F00.
PLANES = part(
    (lambda a, b: a + b + struct.pack("<II", len(a), len(b)))(frame_rle(0x7F, 600), bytes(600)),
    struct.pack("<H", 0x3F80) * 600,
    "planes",
    ("p", "BF16", [600]),
)
ZSTD = part((lambda a: a + struct.pack("<I", len(a)))(frame_rle(65, 500)), b"A" * 500, "zstd")
INT8 = part(
    struct.pack("<e2b", 0.5, 127, -3) + struct.pack("<e2b", 2, 1, 0),
    struct.pack("<4e", 63.5, -1.5, 2, 0),
    "int8",
    ("q", "F16", [2, 2]),
    group=2,
)
# Two codebooks of two entries of two weights, one row of two groups.
ADDITIVE = part(
    struct.pack("<8e", 1, 2, 3, 4, 0.5, 0.25, -1, -2) + struct.pack("<e", 2) + bytes([0b0110]),
    struct.pack("<4e", 2 * (1 - 1), 2 * (2 - 2), 2 * (3 + 0.5), 2 * (4 + 0.25)),
    "additive",
    ("a", "F16", [1, 4]),
    codebooks=2,
    bits=1,
    group=2,
)
# Two rows of three groups of two codes each: of every code, first that of row 0, then that of row 1.
ROWS = struct.pack("<12b", *range(-6, 6))
TURNED = bytes(ROWS[row * 6 + code] for code in range(6) for row in range(2))
COLUMNS = part(TURNED, ROWS, "columns", ("codes", "I8", [2, 3, 2]))
LARGE = part(bytes(range(256)) * 4096 + b"end", None)
TENSORS = tensor_file("model.safetensors", BITS4, BITS12, RAW, PLANES, INT8, ADDITIVE)
MAPPED = tensor_file("model.safetensors", COLUMNS, RAW)
FUTURE = ("notes.bin", [part(b"later", b"what comes later", "foretold")], {"optional": True})

valid = {
    "no files": container([]),
    "one file": container([CONFIG]),
    "every encoding": container([CONFIG, ("LICENSE", [ZSTD]), TENSORS]),
    "an empty file": container([("empty", []), ("none", [part(b"")]), CONFIG]),
    "folders and names": container([("a/b/é.txt", [part(b"x")]), ("a/c", [part(b"\n")])]),
    "an unknown file that may be left out": container([FUTURE, CONFIG]),
    "unknown members": container([CONFIG], edit=lambda h: h.update(more={"x": None})),
    "a later minor version": container([CONFIG], preamble=patched(10, b"\x07\0")),
    "columns": container([CONFIG, MAPPED], requires=["columns"], preamble=patched(10, b"\1\0")),
    "a requirement that nothing needs": container([CONFIG], requires=["columns"]),
    "columns that are not required, in a file that may be left out": container([(*MAPPED, {"optional": True}), CONFIG]),
}
contents = {
    "no files": [],
    "one file": [CONFIG],
    "every encoding": [CONFIG, ("LICENSE", [ZSTD]), TENSORS],
    "an empty file": [("empty", []), ("none", [part(b"")]), CONFIG],
    "folders and names": [("a/b/é.txt", [part(b"x")]), ("a/c", [part(b"\n")])],
    "an unknown file that may be left out": [CONFIG],
    "unknown members": [CONFIG],
    "a later minor version": [CONFIG],
    "columns": [CONFIG, MAPPED],
    "a requirement that nothing needs": [CONFIG],
    "columns that are not required, in a file that may be left out": [CONFIG],
}

# Lying ones.

plain = container([CONFIG])


def flipped(data, offset):
    return data[:offset] + bytes([data[offset] ^ 1]) + data[offset + 1 :]


def first_part(**changes):
    return lambda header: header["files"][0]["parts"][0].update(changes)


def lie(entry, **changes):
    return {**entry[0], **changes}, entry[1], entry[2]


def tensor_lie(**changes):
    entry = {**RAW[0], "tensor": {**RAW[0]["tensor"], **changes}}
    return container([tensor_file("m.safetensors", (entry, RAW[1], RAW[2]))])


def columns_lie(entry):
    return container([tensor_file("m.safetensors", entry)], requires=["columns"])


other = tensor_file("m.safetensors", RAW)
three = [tensor_file(f"{name}.safetensors", lie(RAW, tensor={**RAW[0]["tensor"], "name": name})) for name in "abc"]
other_header = tensor_file("m.safetensors", lie(RAW, tensor={"name": "v", "dtype": "F16", "shape": [2, 2]}))[1][0]

invalid = [
    ("C1 empty", b""),
    ("C1 cut in the preamble", plain[:63]),
    ("C2 another format", b"GGUF" + plain[4:]),
    ("C2 transferred as text", plain[:4] + b"\n" + plain[6:]),
    ("C3 a later major version", container([CONFIG], preamble=patched(8, b"\2\0"))),
    ("C4 an unknown flag", container([CONFIG], preamble=patched(12, b"\0\1\0\0"))),
    ("C5 no header", container([CONFIG], preamble=patched(16, bytes(8)))),
    ("C5 odd length", container([CONFIG], preamble=patched(16, struct.pack("<Q", 100)))),
    ("C5 enormous", container([CONFIG], preamble=patched(16, b"\xc0" + b"\xff" * 7))),
    ("C6 cut", plain[:-1]),
    ("C6 something follows", plain + b"\0"),
    ("C6 ends in the header", container([], preamble=patched(16, struct.pack("<Q", 1 << 20)))),
    ("C7 no JSON", container([CONFIG], text=lambda h: "{")),
    ("C7 a key twice", container([CONFIG], text=lambda h: canonical(h)[:-1] + ',"requires":[]}')),
    ("C7 not UTF-8", container([CONFIG], text=b'{"\xff":1}')),
    ("C8 keys out of order", container([CONFIG], text=lambda h: json.dumps(dict(sorted(h.items(), reverse=True)), separators=(",", ":")))),
    ("C8 white space", container([CONFIG], text=lambda h: canonical(h).replace(":", ": ", 1))),
    ("C8 a line end behind", container([CONFIG], text=lambda h: canonical(h) + "\n")),
    ("C9 a list", container([CONFIG], text=lambda h: "[]")),
    ("C9 no files", container([CONFIG], edit=lambda h: h.pop("files"))),
    ("C9 leaves in a list", container([CONFIG], edit=lambda h: h.update(leaves=[]))),
    ("C9 no requirements", container([CONFIG], edit=lambda h: h.pop("requires"))),
    ("C10 no leaf", container([CONFIG], leaves="")),
    ("C10 a leaf too many", container([CONFIG], leaves="00" * 64)),
    ("C10 upper case", container([CONFIG], leaves="AB" * 32)),
    ("C11 a flipped bit in the id", flipped(plain, 40)),
    ("C11 a flipped bit in a version", flipped(plain, 10)),
    ("C11 another leaf", container([CONFIG], leaves="00" * 32)),
    ("C12 a requirement", container([CONFIG], requires=["time-travel"])),
    ("C12 a requirement beside a known one", container([MAPPED], requires=["columns", "time-travel"])),
    ("C12 a known requirement twice", container([MAPPED], requires=["columns", "columns"])),
    ("C12 a requirement that is no name", container([MAPPED], requires=[["columns"]])),
    ("C13 out of the folder", container([("../config.json", CONFIG[1])])),
    ("C13 absolute", container([("/etc/passwd", CONFIG[1])])),
    ("C13 hidden", container([(".git/config", CONFIG[1])])),
    ("C13 empty", container([("", CONFIG[1])])),
    ("C13 a NUL", container([("a\0b", CONFIG[1])])),
    ("C13 a backslash", container([("a\\b", CONFIG[1])])),
    ("C14 twice", container([CONFIG, CONFIG])),
    ("C14 a file as a folder", container([("a", CONFIG[1]), ("a/b", CONFIG[1])])),
    ("C15 no size", container([CONFIG], edit=lambda h: h["files"][0]["parts"][0].pop("size"))),
    ("C15 a negative length", container([CONFIG], edit=first_part(length=-1))),
    ("C15 a size beyond all", container([CONFIG], edit=first_part(size=1 << 60))),
    ("C15 a short digest", container([CONFIG], edit=first_part(sha256="00"))),
    ("C15 no parts", container([CONFIG], edit=lambda h: h["files"][0].pop("parts"))),
    ("C16 an unknown encoding", container([FUTURE[:2]])),
    ("C16 columns that are not required", container([MAPPED])),
    ("C17 an unknown type", tensor_lie(dtype="F17")),
    ("C17 a negative dimension", tensor_lie(shape=[-2, -2])),
    ("C17 dimensions that overflow", tensor_lie(shape=[1 << 40, 1 << 40])),
    ("C18 one name twice", container([tensor_file("a.safetensors", RAW), tensor_file("b.safetensors", RAW)])),
    ("C19 another shape", tensor_lie(shape=[2, 3])),
    ("C20 raw of another length", container([("x", [lie(part(b"abc"), size=4)])])),
    ("C20 bits of text", container([("x", [part(b"a", b"a", "bits", bits=8)])])),
    ("C20 17 bits", container([tensor_file("m", lie(BITS12, bits=17))])),
    ("C20 no bits", container([tensor_file("m", lie(BITS12, bits=0))])),
    ("C20 a group that does not divide", container([tensor_file("m", lie(INT8, group=3))])),
    ("C20 entries beyond the part", container([tensor_file("m", lie(ADDITIVE, bits=16))])),
    ("C20 planes of bytes", container([("x", [part(PLANES[1], PLANES[2], "planes")])])),
    ("C20 longer than it need be", container([("x", [part(b"abcdefghijk", b"abc", "zstd")])])),
    ("C20 columns of bytes", container([("x", [part(b"abcd", None, "columns")])], requires=["columns"])),
    ("C20 columns of another type", columns_lie(lie(COLUMNS, tensor={"name": "codes", "dtype": "U8", "shape": [2, 3, 2]}))),
    ("C20 columns of wider codes", columns_lie(lie(COLUMNS, tensor={"name": "codes", "dtype": "I16", "shape": [1, 3, 2]}))),
    ("C20 columns of two dimensions", columns_lie(lie(COLUMNS, tensor={"name": "codes", "dtype": "I8", "shape": [2, 6]}))),
    ("C20 columns of four dimensions", columns_lie(lie(COLUMNS, tensor={"name": "codes", "dtype": "I8", "shape": [2, 3, 2, 1]}))),
    ("C20 columns longer than their tensor", columns_lie(part(TURNED + b"\0", ROWS, "columns", ("codes", "I8", [2, 3, 2])))),
    ("C20 columns shorter than their tensor", columns_lie(part(TURNED[:-1], ROWS, "columns", ("codes", "I8", [2, 3, 2])))),
    ("C21 bytes behind the last part", container([CONFIG], data=lambda body: body + b"\0")),
    ("C21 a part beyond the end", container([CONFIG], edit=first_part(length=2000, size=2000))),
    ("C22 another name", container([("m.safetensors", [other_header, RAW])])),
    ("C22 no header", container([("m.safetensors", [RAW])])),
    ("C22 a header of another length", container([("m.safetensors", [part(other[1][0][1] + b" "), RAW])])),
    ("C22 a tensor too many", container([("m.safetensors", [tensor_file("m", RAW, BITS4)[1][0], RAW])])),
    ("C22 a header longer than any", container([padded_header(other, 100_000_009)])),
    ("C22 headers longer than any together", container([padded_header(item, 99_000_000) for item in three])),
    ("C22 bytes between tensors", container([("m.safetensors", [other[1][0], RAW, part(b"x")])])),
    ("C23 a flipped bit in the data", flipped(plain, len(plain) - 1)),
    ("C24 something between parts", container([CONFIG, ("b", [part(b"b")])], pad=b"\1")),
    ("C25 a block longer than its bytes", container([("x", [part(bytes(20) + struct.pack("<I", 21), b"A" * 500, "zstd")])])),
    ("C25 an empty block", container([("x", [part(frame_rle(65, 500) + struct.pack("<I", 0), b"A" * 500, "zstd")])])),
    ("C26 no frame", container([("x", [part(bytes(20) + struct.pack("<I", 20), b"A" * 500, "zstd")])])),
    ("C26 a frame of fewer bytes", container([("x", [part(frame_rle(65, 499) + struct.pack("<I", len(frame_rle(65, 499))), b"A" * 500, "zstd")])])),
    ("C27 bits after the last code", container([tensor_file("m", (BITS4[0], BITS4[1][:-1] + b"\xfd", BITS4[2]))])),
    ("C27 bits after the last additive code", container([tensor_file("m", (ADDITIVE[0], ADDITIVE[1][:-1] + b"\xf6", ADDITIVE[2]))])),
    ("C28 columns that are rows", columns_lie(part(ROWS, ROWS, "columns", ("codes", "I8", [2, 3, 2])))),
    ("C28 another content", container([("x", [lie(part(b"abc"), sha256="00" * 32)])])),
]
VERIFIED = {"C23", "C24", "C25", "C26", "C27", "C28"}

here = pathlib.Path(__file__).resolve().parent
# An error of a header part shows on opening already, since it is decoded then; none of these is one.
lies = [
    {
        "name": name,
        "file": data.hex(),
        "error": name.split()[0],
        "stage": "verify" if name.split()[0] in VERIFIED else "open",
    }
    for name, data in invalid
]
(here / "files.json").write_text(json.dumps(lies, indent=1, ensure_ascii=False) + "\n")
sound = [
    {
        "name": name,
        "file": data.hex(),
        "id": data[32:64].hex(),
        "files": {
            path: sha(b"".join(content for _, _, content in parts)).hex() for path, parts, *_ in contents[name]
        },
    }
    for name, data in valid.items()
]
(here.parent.parent / "aqlm-container.json").write_text(json.dumps(sound, indent=1, ensure_ascii=False) + "\n")
