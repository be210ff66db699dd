"""Makes blocks.json: blocks of every quantized GGUF type, as the `gguf` package of PyPI dequantizes them.

    pip install numpy==2.4.6 gguf==0.19.0
    python make_blocks.py

Each item has a block's bytes and the SHA-256 of its elements as 32-bit floats, every NaN written as
0x7FC00000: which NaN an operation gives is up to the processor.
"""
import hashlib, json, os
import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType as Q, quants

# Where the halves are that scale a block.
HALVES = dict(Q4_0=[0], Q4_1=[0, 2], Q5_0=[0], Q5_1=[0, 2], Q8_0=[0], Q2_K=[80, 82], Q3_K=[108], Q4_K=[0, 2],
              Q5_K=[0, 2], Q6_K=[208], IQ4_NL=[0], IQ4_XS=[0], MXFP4=[])
# Subnormal, the greatest, infinite, NaN, and zeros of both signs.
SCALES = dict(subnormal=[0x0001, 0x83FF], greatest=[0x7BFF, 0xFBFF], infinite=[0x7C00, 0xFC00],
              nan=[0x7E00, 0x7E01], zero=[0x0000, 0x8000])
# The same for the exponent that scales MXFP4; 254 and 255 overflow.
EXPONENTS = dict(subnormal=0, second=1, third=2, greatest=254, beyond=255)

rng = np.random.default_rng(4)
items = []


def add(name, case, block):
    with np.errstate(all="ignore"):
        floats = quants.dequantize(block, Q[name]).astype("<f4")
    floats[np.isnan(floats)] = np.uint32(0x7FC00000).view("<f4")
    items.append(dict(type=name, case=case, bytes=block.tobytes().hex(), sha256=hashlib.sha256(floats.tobytes()).hexdigest()))


for name, halves in HALVES.items():
    size = GGML_QUANT_SIZES[Q[name]][1]

    def block(scales, fill=None):
        bits = rng.integers(0, 256, size, dtype=np.uint8) if fill is None else np.full(size, fill, np.uint8)
        for place, half in zip(halves, scales):
            bits[place : place + 2] = np.array([half], "<u2").view(np.uint8)
        return bits

    def random_scales():
        return (rng.standard_normal(2) * 10.0 ** rng.integers(-5, 3, 2)).astype("<f2").view("<u2")

    for case in ["random", "random again"]:
        add(name, case, block(random_scales()))
    add(name, "all bits set", block(random_scales(), 255))
    for case, scales in SCALES.items():
        if halves: add(name, case, block(scales))
    if name == "MXFP4":
        for case, exponent in EXPONENTS.items():
            bits = block([])
            bits[0] = exponent
            add(name, case, bits)

with open(os.path.dirname(os.path.abspath(__file__)) + "/blocks.json", "w") as file:
    json.dump(items, file, indent=1)
    file.write("\n")
