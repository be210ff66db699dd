#!/usr/bin/env python3
"""Writes the files beside this script with PyTorch (2.15), and what PyTorch reads in them.

    make.py

`expected.json` lists, for each file, the tensors in their order: name, dtype as safetensors names it, shape, and
the bytes of the contiguous tensor in hexadecimal. `torch.save` puts a random number into each file, so that the
files differ from run to run; what they hold does not.
"""

import collections
import json
import pathlib

import torch

here = pathlib.Path(__file__).resolve().parent
NAMES = {
    torch.bool: "BOOL",
    torch.uint8: "U8",
    torch.int8: "I8",
    torch.int16: "I16",
    torch.uint16: "U16",
    torch.int32: "I32",
    torch.uint32: "U32",
    torch.int64: "I64",
    torch.uint64: "U64",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.float32: "F32",
    torch.float64: "F64",
    torch.complex64: "C64",
    torch.float8_e4m3fn: "F8_E4M3",
    torch.float8_e5m2: "F8_E5M2",
    torch.float8_e4m3fnuz: "F8_E4M3FNUZ",
    torch.float8_e5m2fnuz: "F8_E5M2FNUZ",
    torch.float8_e8m0fnu: "F8_E8M0",
}
torch.manual_seed(4)
expected = {}


def describe(name, tensor):
    whole = tensor.detach().contiguous().clone()
    content = bytes(whole.untyped_storage())
    return {
        "name": name,
        "dtype": NAMES[tensor.dtype],
        "shape": list(tensor.shape),
        "bytes": content.hex(),
    }


def save(file, value, tensors=None):
    torch.save(value, here / file)
    # What is expected is what PyTorch itself reads back.
    read = torch.load(here / file, weights_only=True)
    read = read.get("state_dict", read)
    expected[file] = [describe(name, tensor) for name, tensor in read.items()]


def random_bytes(count):
    return torch.randint(0, 256, (count,), dtype=torch.uint8)


dtypes = collections.OrderedDict()
for dtype, name in NAMES.items():
    raw = random_bytes(6 * dtype.itemsize)
    dtypes[name] = (raw & 1).bool() if dtype == torch.bool else raw.view(dtype)
save("dtypes.bin", dtypes)

base = torch.arange(24, dtype=torch.int16)
cube = base.reshape(2, 3, 4)
save(
    "strides.bin",
    {
        "whole": cube,
        "tied": cube,
        "transposed": cube.reshape(6, 4).t(),
        "permuted": cube.permute(2, 0, 1),
        "rows": cube.reshape(6, 4)[2:4],
        "columns": cube.reshape(6, 4)[:, 1:3],
        "every second": base[1::2],
        "expanded": base[5:8].expand(2, 3),
        "windows": base.unfold(0, 4, 3),
        "scalar": base[7],
        "one of one": base[3].reshape(1, 1, 1),
        "odd strides of ones": torch.as_strided(base, (1, 3, 1), (2**62, 2, 2**62), 4),
        "empty": base[:0],
        "empty matrix": torch.empty(0, 5),
        "diagonal": torch.arange(9.0).reshape(3, 3).diagonal(),
        "bytes": torch.arange(6, dtype=torch.uint8).reshape(2, 3).t(),
        "doubles": torch.arange(6, dtype=torch.float64).reshape(2, 3).t(),
        "eighths": torch.arange(6.0).reshape(2, 3).to(torch.float8_e5m2)[:, 1:],
    },
)

module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.LayerNorm(2))
save("module.bin", module.state_dict())
save(
    "training.pth",
    {
        "epoch": 3,
        "steps": 2**40,
        "losses": [1.5, 0.25, -1],
        "done": False,
        "name": "tiny",
        "best": None,
        "state_dict": {"w": torch.nn.Parameter(torch.randn(2, 2)), "b": torch.randn(2)},
        "optimizer": {"state": {}, "param_groups": [{"lr": 0.1, "betas": (0.9, 0.95)}]},
    },
)
save("empty.pt", {})
matrix = torch.randn(3, 2)
save("tied.bin", {"model.embed_tokens.weight": matrix, "lm_head.weight": matrix})

(here / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
