"""Encodes random numbers, and awkward ones, with the `gguf` package of PyPI: what Octavo must make of them.

    pip install numpy==2.4.6 gguf==0.19.0
    python make_encoded.py > encoded.json
"""
import json
import numpy as np
from gguf import GGMLQuantizationType as Q, quants

rng = np.random.default_rng(7)
BLOCKS = {
    "random": rng.standard_normal((8, 32)),
    "small": rng.standard_normal((4, 32)) * 1e-6,
    "large": rng.standard_normal((4, 32)) * 1e3,
    "skewed": np.abs(rng.standard_normal((4, 32))) + 0.5,
    "outlier": rng.standard_normal((4, 32)) * 0.01 + np.eye(4, 32, 5) * 9,
    "zero": np.zeros((1, 32)),
    "constant": np.full((2, 32), -0.75),
    # Quotients that fall between two levels: ties are where roundings part ways.
    "ties": np.concatenate([np.array([127.0]), np.arange(31) - 15.5])[None],
    "signs of zero": np.concatenate([[-8.0, 8.0, -0.0], np.zeros(29)])[None],
}
items = []
for case, values in BLOCKS.items():
    values = values.astype(np.float32)
    for type in (Q.F16, Q.BF16, Q.Q8_0, Q.Q4_0, Q.Q4_1, Q.Q5_0):
        encoded = np.ascontiguousarray(quants.quantize(values, type))
        items.append(dict(case=case, type=type.name, floats=values.tobytes().hex(), bytes=encoded.tobytes().hex()))
print("[\n" + ",\n".join(json.dumps(item) for item in items) + "\n]")
