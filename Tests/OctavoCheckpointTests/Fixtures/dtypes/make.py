#!/usr/bin/env python3
"""Writes every-dtype.safetensors and floats.json beside this script.

    pip install numpy==2.4.6 ml_dtypes==0.6.0 safetensors==0.8.0
    make.py

The file has a tensor of each dtype that the safetensors package writes. floats.json has, for each tensor that numpy
or ml_dtypes can read, its elements as float32, in hexadecimal and little-endian. Tensors of eight bits hold every
byte there is; wider ones random bytes, and numbers at the edges of what floats can hold.
"""

import json
import pathlib

import ml_dtypes
import numpy as np
from safetensors import TensorSpec, serialize

here = pathlib.Path(__file__).resolve().parent
rng = np.random.default_rng(11)
every_byte = np.arange(256, dtype=np.uint8)
edges = [0, 1, 2**24 - 1, 2**24 + 1, 2**31 - 1, 2**31, 2**32 - 1, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1]


def integers(dtype):
    limits = np.iinfo(dtype)
    values = [sign * value for value in edges for sign in (1, -1)]
    return np.array([v for v in values if limits.min <= v <= limits.max], dtype)


def floats(dtype):
    random = rng.integers(0, 256, 16 * np.dtype(dtype).itemsize, np.uint8).view(dtype)
    special = np.array([0.0, -0.0, 1 / 3, 65504, 3e38, 1e-40, np.inf, -np.inf, np.nan]).astype(dtype)
    return np.concatenate([special, random[np.isfinite(random.astype(np.float64))]])


TENSORS = {
    "bool": (np.array([False, True, True]), True),
    "uint8": (every_byte, True),
    "int8": (every_byte.view(np.int8), True),
    "float8_e4m3fn": (every_byte.view(ml_dtypes.float8_e4m3fn), True),
    "float8_e5m2": (every_byte.view(ml_dtypes.float8_e5m2), True),
    "float8_e4m3fnuz": (every_byte.view(ml_dtypes.float8_e4m3fnuz), True),
    "float8_e5m2fnuz": (every_byte.view(ml_dtypes.float8_e5m2fnuz), True),
    "float8_e8m0fnu": (every_byte.view(ml_dtypes.float8_e8m0fnu), True),
    **{name: (integers(name), True) for name in ["int16", "uint16", "int32", "uint32", "int64", "uint64"]},
    "float16": (floats(np.float16), True),
    "bfloat16": (floats(ml_dtypes.bfloat16), True),
    "float32": (floats(np.float32), True),
    "float64": (floats(np.float64), True),
    # Of these a float says nothing: pairs of four bits that want scales, and complex numbers.
    "float4_e2m1fn_x2": (every_byte[:8], False),
    "complex64": (floats(np.float32)[:8], False),
}

buffers = {name: np.frombuffer(values.tobytes(), np.uint8).copy() for name, (values, _) in TENSORS.items()}
specs = {
    name: TensorSpec(
        dtype=name,
        shape=[len(values) // 2 if name == "complex64" else len(values)],
        data_ptr=buffers[name].ctypes.data,
        data_len=len(buffers[name]),
    )
    for name, (values, _) in TENSORS.items()
}
(here / "every-dtype.safetensors").write_bytes(serialize(specs, metadata={"format": "pt"}))
with np.errstate(all="ignore"):
    expected = {
        name: values.astype(np.float32).tobytes().hex() if readable else None
        for name, (values, readable) in TENSORS.items()
    }
(here / "floats.json").write_text(json.dumps(expected, indent=1) + "\n")
