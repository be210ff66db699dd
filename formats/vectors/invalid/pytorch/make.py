#!/usr/bin/env python3
"""Writes files.json beside this script: files of PyTorch that lie, each with the error that Octavo gives.

    make.py

Every file is put together here byte by byte, zip archive and pickle, so that it lies in one thing only. The first
one is sound: it shows that the others are refused for their lie. The pickles that ask for code ask for
`os.system` and its kin by name; there is nothing in them to run.
"""

import json
import pathlib
import struct
import zlib

cases = []


# Pickles, of protocol 2.


def text(value):
    encoded = value.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def number(value):
    if 0 <= value < 256:
        return b"K" + bytes([value])
    return b"\x8a\x08" + struct.pack("<q", value)


def numbers(values):
    return b"(" + b"".join(number(value) for value in values) + b"t"


def glob(name):
    module, _, name = name.rpartition(".")
    return f"c{module}\n{name}\n".encode()


ORDERED = glob("collections.OrderedDict") + b")R"
FLOATS = glob("torch.FloatStorage")
BYTES = glob("torch.storage.UntypedStorage")
V2 = glob("torch._utils._rebuild_tensor_v2")
V3 = glob("torch._utils._rebuild_tensor_v3")


def storage(key="0", kind=FLOATS, count=4, tag="storage", end=b""):
    return b"(" + text(tag) + kind + text(key) + text("cpu") + number(count) + end + b"tQ"


def tensor(store=None, offset=0, shape=(4,), strides=(1,), rebuild=V2, hooks=ORDERED, end=b""):
    arguments = (store or storage()) + number(offset) + numbers(shape) + numbers(strides) + b"\x89" + hooks + end
    return rebuild + b"(" + arguments + b"tR"


def pickle(value):
    return b"\x80\x02" + value + b"."


def state(*items):
    return pickle(b"}(" + b"".join(text(name) + value for name, value in items) + b"u")


SOUND = state(("w", tensor()))
DATA = struct.pack("<4f", 1, 2, 3, 4)


# Zip archives. An entry is a dictionary; what it says of itself in its header and in the directory is what is
# true unless it says otherwise.


def entry(name, data, **lies):
    return {"name": name.encode("utf-8", "surrogateescape"), "data": data, **lies}


def header(item, key, default):
    return item.get("local_" + key, item.get(key, default))


def archive(entries, before=b"", between=b"", after=b"", comment=b"", wide=True, **end):
    file = bytearray(before)
    directory = b""
    for item in entries:
        name, data = item["name"], item["data"]
        crc, size = item.get("crc", zlib.crc32(data)), item.get("size", len(data))
        flags = item.get("flags", 0x0808 if data else 0x0800)
        start = item.get("offset", len(file))
        described = header(item, "flags", flags) & 8
        file += struct.pack(
            "<IHHHIIIIHH",
            item.get("signature", 0x04034B50),
            0,
            header(item, "flags", flags),
            header(item, "method", 0),
            0,
            item.get("local_crc", 0 if described else crc),
            item.get("local_size", 0 if described else size),
            item.get("local_size", 0 if described else size),
            len(header(item, "name", name)),
            0,
        ) + header(item, "name", name)
        file += data
        if described:
            file += item.get("descriptor", struct.pack("<IIII", 0x08074B50, crc, size, size))
        extra = item.get("extra", b"")
        directory += struct.pack(
            "<IHHHHIIIIHHHHHII",
            0x02014B50,
            0,
            0,
            flags,
            item.get("method", 0),
            0,
            crc,
            item.get("stored", size),
            size,
            len(name),
            len(extra),
            0,
            0,
            0,
            0,
            start,
        ) + name + extra
    file += between
    start = end.get("start", len(file))
    count = end.get("count", len(entries))
    size = end.get("size", len(directory))
    file += directory + after
    wide_at = end.get("wide_at", len(file))
    if wide:
        wide_count = end.get("wide_count", count)
        file += struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 0, 0, 0, 0, wide_count, wide_count, size, start)
        file += struct.pack("<IIQI", 0x07064B50, 0, wide_at, 1)
    file += struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, end.get("total", count), size, start, len(comment))
    return bytes(file) + comment


def entries(data_pkl=SOUND, data=DATA, **changes):
    """The entries of a sound file, those named in `changes` replaced, or left out where they are None."""
    usual = {
        "data.pkl": entry("m/data.pkl", data_pkl),
        "byteorder": entry("m/byteorder", b"little"),
        "data/0": entry("m/data/0", data),
        "version": entry("m/version", b"3\n"),
    }
    usual.update({key.replace("_", "."): value for key, value in changes.items() if key != "data_0"})
    if "data_0" in changes:
        usual["data/0"] = changes["data_0"]
    return [item for item in usual.values() if item]


def case(name, file, error):
    cases.append({"name": name, "file": file.hex(), "error": error})


def lying_pickle(name, pickled, error, at=None):
    """A file whose pickle lies; `at` is what the error points to, by its bytes or its place."""
    if at is not None:
        error += f" (at byte {at if isinstance(at, int) else pickled.index(at)})"
    case(name, archive(entries(pickled)), error)


case("sound", archive(entries()), None)
case("sound, without the wide records", archive(entries(), wide=False), None)


# What is no such archive.

case("no bytes", b"", "no zip directory ends with the file's end")
case("text", b"<!DOCTYPE html>" * 4, "no zip directory ends with the file's end")
LEGACY = bytes.fromhex("80028a0a6cfc9c46f9206aa850192e")
case(
    "before PyTorch 1.6",
    LEGACY + pickle(b"M\xe9\x03") + SOUND,
    "the format of PyTorch before 1.6, expected that of later ones, a zip archive",
)
case(
    "tar",
    (b"storages" + bytes(249) + b"ustar\x0000").ljust(512, b"\0"),
    "the tar format of the oldest PyTorch, expected that of 1.6 and later, a zip archive",
)
case("7z", b"7z\xbc\xaf\x27\x1c" + bytes(60), "no zip directory ends with the file's end")
case("pickle without an archive", SOUND, "no zip directory ends with the file's end")


# The directory.

WHERE = "the records at the end of the zip file contradict each other: "
case("cut short", archive(entries())[:-1], "no zip directory ends with the file's end")
case("comment", archive(entries(), comment=b"x"), "no zip directory ends with the file's end")
case("bytes behind", archive(entries()) + b"x", "no zip directory ends with the file's end")
case("counts differ", archive(entries(), total=9), "no zip directory ends with the file's end")
case("wide count differs", archive(entries(), wide_count=9), WHERE + "the count of entries")
case("wide record elsewhere", archive(entries(), wide_at=0), WHERE + "the place of the wide record")
case(
    "directory begins elsewhere",
    archive(entries(), start=0),
    WHERE + "the directory does not end where they begin",
)
case(
    "directory is larger",
    archive(entries(), size=1000),
    WHERE + "the directory does not end where they begin",
)
case(
    "bytes behind the directory",
    archive(entries(), after=b"hidden"),
    WHERE + "the directory does not end where they begin",
)
STOP = len(archive(entries(), wide=False)) - 22
case("fewer entries than the directory has", archive(entries(), count=3), f"the zip directory is malformed at byte {STOP - 55}")
case("more entries than the directory has", archive(entries(), count=5), f"the zip directory is malformed at byte {STOP}")
case(
    "a billion entries",
    archive(entries(), count=65535, wide_count=1_000_000_000),
    "the zip file has 1000000000 entries, expected at most 1000000",
)


# Entries.

PKL = "m/data.pkl"
for label, name in [
    ("absolute name", "/m/data.pkl"),
    ("name that leads out", "m/../data.pkl"),
    ("name with a backslash", "m\\data.pkl"),
    ("name with NUL", "m/data\0.pkl"),
]:
    shown = json.dumps(name).replace("\\u0000", "\\0")
    case(
        label,
        archive(entries(data_pkl=SOUND, data_0=entry(name, DATA))),
        f"the zip file has an entry {shown}, expected a path without empty parts, . and ..",
    )
case(
    "name that is not UTF-8",
    archive(entries(data_0=entry("m/\udcff", DATA))),
    'the zip file has an entry "m/\ufffd", expected a path without empty parts, . and ..',
)
case(
    "two pickles of one name",
    archive(entries(version=entry(PKL, SOUND))),
    f'the zip file has two entries "{PKL}"',
)
case(
    "deflated",
    archive(entries(data_0=entry("m/data/0", zlib.compress(DATA)[2:-4], method=8))),
    '"m/data/0" is compressed by method 8, expected stored bytes',
)
case(
    "encrypted",
    archive(entries(data_0=entry("m/data/0", DATA, flags=0x0809))),
    '"m/data/0" has the flags 0x809, expected none but those of descriptors and UTF-8',
)
case(
    "encrypted, going by its own header",
    archive(entries(data_0=entry("m/data/0", DATA, local_flags=0x0809))),
    '"m/data/0" and the zip directory differ in the entry\'s flags',
)
case(
    "deflated, going by its own header",
    archive(entries(data_0=entry("m/data/0", DATA, local_method=8))),
    '"m/data/0" and the zip directory differ in the entry\'s method',
)
case(
    "another name in its own header",
    archive(entries(data_0=entry("m/data/0", DATA, local_name=b"m/data/1"))),
    '"m/data/0" and the zip directory differ in the entry\'s name',
)
case(
    "another size in its own header",
    archive(entries(data_0=entry("m/data/0", DATA, flags=0x0800, local_size=8))),
    '"m/data/0" and the zip directory differ in the entry\'s size',
)
case(
    "another checksum in its own header",
    archive(entries(data_0=entry("m/data/0", DATA, flags=0x0800, local_crc=1))),
    '"m/data/0" and the zip directory differ in the entry\'s checksum',
)
case(
    "sizes before a descriptor",
    archive(entries(data_0=entry("m/data/0", DATA, local_size=8))),
    '"m/data/0" and the zip directory differ in the entry\'s size',
)
case(
    "no descriptor",
    archive(entries(data_0=entry("m/data/0", DATA, descriptor=b""))),
    '"m/data/0" and the zip directory differ in the entry\'s descriptor',
)
case(
    "descriptor of another size",
    archive(entries(data_0=entry("m/data/0", DATA, descriptor=struct.pack("<IIII", 0x08074B50, zlib.crc32(DATA), 8, 8)))),
    '"m/data/0" and the zip directory differ in the entry\'s descriptor',
)
case(
    "two sizes",
    archive(entries(data_0=entry("m/data/0", DATA, stored=8))),
    'the sizes of "m/data/0" contradict each other',
)
case(
    "wide size that is not there",
    archive(entries(data_0=entry("m/data/0", DATA, size=0xFFFFFFFF, extra=struct.pack("<HHI", 1, 4, 0)))),
    'the sizes of "m/data/0" contradict each other',
)
case(
    "wide size of 2^64 - 1",
    archive(entries(data_0=entry("m/data/0", DATA, size=0xFFFFFFFF, extra=struct.pack("<HHQQ", 1, 16, 2**64 - 1, 2**64 - 1)))),
    'the sizes of "m/data/0" contradict each other',
)
case(
    "no header where the directory says",
    archive(entries(data_pkl=SOUND, data_0=entry("m/data/0", DATA, signature=0x04034B51))),
    '"m/data/0" is not where the zip directory says',
)
case(
    "beyond the directory",
    archive(entries(version=entry("m/version", b"3\n", size=1 << 20))),
    '"m/version" is not where the zip directory says',
)
case(
    "overlapping entries",
    archive(entries(version=entry("m/version", b"3\n", offset=0))),
    "bytes before m/version belong to no entry of the zip file",
)
case(
    "bytes before the first entry",
    archive(entries(), before=b"#!/bin/sh\n"),
    "bytes before m/data.pkl belong to no entry of the zip file",
)
case(
    "bytes between entries and directory",
    archive(entries(), between=b"hidden"),
    "bytes before the directory belong to no entry of the zip file",
)
case(
    "pickle of another checksum",
    archive(entries(data_pkl=None)[:0] + [entry(PKL, SOUND, crc=1)] + entries()[1:]),
    f'"{PKL}" does not have the CRC-32 that the zip directory says',
)


# What is in the archive.

case("no pickle", archive(entries()[1:]), "the archive has no data.pkl")
case(
    "two folders",
    archive(entries(version=entry("n/version", b"3\n"))),
    'the entry "n/version" is not in the folder of the others',
)
case(
    "no folder",
    archive([entry("data.pkl", SOUND)]),
    'the entry "data.pkl" is not in the folder of the others',
)
case(
    "TorchScript",
    archive(entries() + [entry("m/constants.pkl", pickle(b")"))]),
    "a TorchScript program, expected a dictionary of tensors",
)
case(
    "another pickle",
    archive(entries() + [entry("m/evil/data.pkl", SOUND)]),
    'the archive has a pickle "evil/data.pkl", expected data.pkl alone',
)
case(
    "big-endian",
    archive(entries(byteorder=entry("m/byteorder", b"big"))),
    'the byte order "big", expected "little"',
)


# What the pickle says.


def forbidden(name):
    return f'the pickle asks for "{name}", which no tensor needs'


def refused(opcode):
    return f"the pickle has the instruction 0x{opcode:x}, which no tensor needs"


def asking(label, name, before=b"", code=None):
    pickled = pickle(before + (code or glob(name) + b"(" + text("true") + b"tR"))
    at = pickled.index(code if code else glob(name))
    if code:
        at = pickled.index(code[-1:] if code[0] != ord("i") else code)
    cases.append(
        {
            "name": label,
            "file": archive(entries(pickled)).hex(),
            "error": forbidden(name) + f" (at byte {at}); nothing was run",
        }
    )


asking("os.system", "os.system")
asking("posix.system", "posix.system")
asking("builtins.eval", "builtins.eval")
asking("__builtin__.exec, of Python 2", "__builtin__.exec")
asking("pip.main", "pip.main")
asking("runpy.run_path", "runpy.run_path")
asking("torch.load, once more", "torch.load")
asking("a name with dots", "torch._utils._rebuild_tensor_v2.__globals__")
asking("a call inside a sound dictionary", "os.system", before=b"}" + text("w"))
asking("INST", "os.system", before=b"(" + text("true"), code=b"ios\nsystem\n")
asking("STACK_GLOBAL", "os.system", before=text("os") + text("system"), code=b"\x93")
tail = pickle(b"}")[:-1] + glob("os.system") + b"(" + text("true") + b"tR"
cases.append(
    {
        "name": "a call, and no end behind it",
        "file": archive(entries(tail)).hex(),
        "error": forbidden("os.system") + " (at byte 3); nothing was run",
    }
)
for label, code in [
    ("OBJ", b"o"),
    ("NEWOBJ", b"\x81"),
    ("EXT1", b"\x82\x01"),
    ("EXT2", b"\x83\x01\x00"),
    ("EXT4", b"\x84\x01\x00\x00\x00"),
    ("NEWOBJ_EX", b"\x92"),
    ("PERSID", b"P0\n"),
    ("FRAME", b"\x95" + bytes(8)),
    ("SHORT_BINUNICODE", b"\x8c\x01x"),
    ("MEMOIZE", b"\x94"),
    ("POP", b"0"),
    ("DUP", b"2"),
    ("BINBYTES8", b"\x8e" + b"\xff" * 8),
    ("BYTEARRAY8", b"\x96" + b"\xff" * 8),
    ("NEXT_BUFFER", b"\x97"),
    ("LONG4", b"\x8b\xff\xff\xff\x7f"),
    ("INT", b"I1\n"),
    ("STRING", b"S'x'\n"),
    ("an instruction that is none", b"\xff"),
    ("PROTO again", b"\x80\x02"),
]:
    lying_pickle(label, pickle(b"}" + code), refused(code[0]), at=3)

lying_pickle("protocol 4", b"\x80\x04\x95" + bytes(8) + b"}.", "a pickle of protocol 4, expected 2")
lying_pickle("protocol 0", b"(dp0\n.", "a pickle that does not name its protocol, expected 2")
lying_pickle("no protocol", b"}.", "a pickle that does not name its protocol, expected 2")
lying_pickle("empty pickle", b"", "the pickle ends too early", at=0)
lying_pickle("no STOP", SOUND[:-1], "the pickle ends too early", at=len(SOUND) - 1)
lying_pickle("text of 4 GB", pickle(b"X\xff\xff\xff\xff"), "the pickle ends too early", at=2)
lying_pickle("text that is not UTF-8", pickle(b"X\x01\x00\x00\x00\xff"), "a text or a number in the pickle is malformed", at=2)
lying_pickle("number of 72 bits", pickle(b"\x8a\x09" + bytes(9)), "a text or a number in the pickle is malformed", at=2)
lying_pickle("global without an end", b"\x80\x02cos", "the pickle ends too early", at=2)
lying_pickle("bytes behind the pickle", SOUND + b"cos\nsystem\n", "something follows the pickle", at=len(SOUND))
lying_pickle("values left", pickle(b"})"), "something follows the pickle", at=5)
lying_pickle("nothing left", pickle(b""), "the pickle has nothing where it must have a value", at=2)
lying_pickle("TUPLE without a mark", pickle(b")t"), "the pickle has nothing where it must have a mark", at=3)
lying_pickle("TUPLE3 of two", pickle(b")(NN\x87"), "the pickle has nothing where it must have 3 values", at=6)
lying_pickle("BINGET of what was never kept", pickle(b"h\x00"), "the pickle's memory has no place 0", at=2)
lying_pickle("BINPUT out of order", pickle(b"}q\x05"), "the pickle's memory has no place 5", at=3)
lying_pickle(
    "LONG_BINPUT far out", pickle(b"}r\xff\xff\xff\xff"), "the pickle's memory has no place 4294967295", at=3
)
lying_pickle(
    "SETITEM on a number", pickle(b"K\x01" + text("a") + b"Ns"), "the pickle has a whole number where it must have a dictionary", at=11
)
lying_pickle(
    "SETITEMS on a tuple", pickle(b")(NNu"), "the pickle has a tuple where it must have a dictionary", at=6
)
lying_pickle(
    "SETITEMS of one", pickle(b"}(Nu"), "the pickle has nothing where it must have a dictionary, keys and values", at=5
)
lying_pickle("APPEND to a dictionary", pickle(b"}Na"), "the pickle has a dictionary where it must have a list", at=4)
lying_pickle("BUILD on a function", pickle(V2 + b"}b"), "the pickle has a global where it must have a dictionary", at=b"b.")
lying_pickle("REDUCE of a number", pickle(b"K\x01)R"), "the pickle has a whole number where it must have a function of 0 arguments", at=5)
lying_pickle("REDUCE without a tuple", pickle(glob("collections.OrderedDict") + b"]R"), "the pickle has a list where it must have a tuple", at=b"R.")
lying_pickle("a storage that is called", pickle(FLOATS + b"K\x04\x85R"), "the pickle has a global where it must have a function of 1 arguments", at=b"R.")
lying_pickle("OrderedDict of something", pickle(glob("collections.OrderedDict") + b"]\x85R"), "the pickle has a global where it must have a function of 1 arguments", at=b"R.")


# What the tensors say.


def lying_tensor(label, value, error):
    pickled = state(("w", value))
    lying_pickle(label, pickled, error)


def unexpected(found, expected, value, end):
    """The error at the last instruction of `value`, or at its persistent identifier."""
    pickled = state(("w", value))
    return f"the pickle has {found} where it must have {expected} (at byte {pickled.rindex(end)})"


def refused_tensor(label, found, expected, value, end=b"Ru."):
    lying_tensor(label, value, unexpected(found, expected, value, end))


IDENTIFIER = "('storage', type, key, device, count)"
refused_tensor("persistent identifier of a module", "a tuple", IDENTIFIER, tensor(storage(tag="module")), b"QK\x00")
refused_tensor("persistent identifier of six", "a tuple", IDENTIFIER, tensor(storage(end=b"N")), b"QK\x00")
refused_tensor("storage of no type", "nothing", "a storage's type", tensor(storage(kind=b"N")), b"QK\x00")
refused_tensor("storage of a function", "a global", "a storage's type", tensor(storage(kind=V2)), b"QK\x00")
refused_tensor("storage of -4 elements", "a whole number", "a count of elements", tensor(storage(count=-4)), b"QK\x00")
refused_tensor("offset of -1", "a whole number", "an offset", tensor(offset=-1))
refused_tensor("dimension of -4", "a tuple", "a shape", tensor(shape=(-4,)))
refused_tensor("stride of -1", "a tuple", "strides", tensor(strides=(-1,)))
refused_tensor("fewer strides than dimensions", "a tuple", "as many strides as dimensions, at most 64", tensor(shape=(2, 2)))
refused_tensor("65 dimensions", "a tuple", "as many strides as dimensions, at most 64", tensor(shape=(1,) * 65, strides=(1,) * 65))
refused_tensor("pending negation", "a dictionary", "no metadata of a tensor", tensor(end=b"}" + text("neg") + b"\x88s"))
refused_tensor("tensor without a storage", "a dictionary", "a storage of a type", V2 + b"(}" + number(0) + numbers((4,)) + numbers((1,)) + b"\x89" + ORDERED + b"tR")
refused_tensor("typed tensor of typed storage", "a storage", "a storage of bytes", tensor(rebuild=V3, end=glob("torch.uint16")))
refused_tensor("typed tensor without a type", "nothing", "a type", tensor(storage(kind=BYTES, count=16), rebuild=V3, end=b"N"))
refused_tensor("tensor of five arguments", "a global", "a function of 2 arguments", V2 + b"(NNtR")

BEYOND = 'tensor "w" reaches beyond its storage "0"'
SIZE = 'the storage "0" of tensor "w" has 16 bytes, expected '
lying_tensor("storage that is not there", tensor(storage(key="1")), 'tensor "w" lies in the storage "1", which is not in the archive')
lying_tensor("key that leads out", tensor(storage(key="../data.pkl")), 'tensor "w" lies in the storage "../data.pkl", which is not in the archive')
lying_tensor("storage of more elements than bytes", tensor(storage(count=5)), SIZE + "5 elements of 4")
lying_tensor("storage of fewer elements", tensor(storage(count=3), shape=(3,)), SIZE + "3 elements of 4")
lying_tensor("storage of 2^62 elements", tensor(storage(count=2**62)), SIZE + "4611686018427387904 elements of 4")
lying_tensor("storage of wider elements", tensor(storage(kind=glob("torch.DoubleStorage"))), SIZE + "4 elements of 8")
lying_tensor("one element too many", tensor(shape=(5,)), BEYOND)
lying_tensor("offset too far", tensor(offset=1), BEYOND)
lying_tensor("stride too far", tensor(shape=(2,), strides=(4,)), BEYOND)
lying_tensor("offset of 2^63 - 1", tensor(offset=2**63 - 1), BEYOND)
lying_tensor("stride that overflows", tensor(shape=(3,), strides=(2**62,)), BEYOND)
lying_tensor("shape that overflows", tensor(shape=(2**32, 2**32), strides=(0, 0)), 'tensor "w" of shape [4294967296, 4294967296] has more bytes than can be counted')
lying_tensor("shape that overflows behind a zero", tensor(shape=(0, 2**32, 2**32), strides=(0, 0, 0)), 'tensor "w" of shape [0, 4294967296, 4294967296] has more bytes than can be counted')
bomb = archive(entries(state(("w", tensor(shape=(2**40,), strides=(0,))))))
case("one element a trillion times", bomb, f"the tensors unfold to more than four times the file's {len(bomb)} bytes")
many = archive(entries(state(*[(f"w{i}", tensor(shape=(300, 300, 2), strides=(0, 0, 1))) for i in range(3)])))
case("a few elements a million times, by turns", many, f"the tensors unfold to more than four times the file's {len(many)} bytes")
lying_pickle(
    "storage of two types",
    state(("a", tensor()), ("b", tensor(storage(kind=glob("torch.IntStorage"))))),
    'the storage "0" of tensor "b" is of another type for other tensors',
)
lying_pickle("tensor twice", state(("w", tensor()), ("w", tensor())), 'two tensors are called "w"')
lying_pickle("a number for a tensor", state(("w", number(1))), 'a whole number is saved under "w", expected a tensor')
lying_pickle("a list for a tensor", state(("w", b"]")), 'a list is saved under "w", expected a tensor')
lying_pickle("a dictionary for a tensor", state(("w", b"}")), 'a dictionary is saved under "w", expected a tensor')
lying_pickle("a number for a name", pickle(b"}K\x01" + tensor() + b"s"), "a dictionary with a whole number for a key was saved, expected a dictionary of tensors")
lying_pickle("a single tensor", pickle(tensor()), "a tensor was saved, expected a dictionary of tensors")
lying_pickle("a list of tensors", pickle(b"](" + tensor() + b"e"), "a list was saved, expected a dictionary of tensors")
lying_pickle("a dictionary in itself", pickle(b"}q\x00" + text("w") + b"h\x00s"), 'a dictionary is saved under "w", expected a tensor')

assert len({item["name"] for item in cases}) == len(cases)
path = pathlib.Path(__file__).resolve().parent / "files.json"
path.write_text(json.dumps(cases, indent=2, ensure_ascii=False) + "\n")
