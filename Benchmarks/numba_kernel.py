"""Times the numba kernel of PyPI's aqlm on one thread, on the shapes of what `octavo benchmark kernels --json` prints.

    octavo benchmark kernels --threads 1 --scheme 2x8g8 --json | python3 numba_kernel.py

Needs torch, numba and scipy besides. On more than one thread the kernel's results are wrong (prange over what is
added up), so it has one.
"""

import json
import os
import sys
import time

os.environ["NUMBA_NUM_THREADS"] = "1"

import torch
from aqlm.inference_kernels.numba_kernel import numba_gemm_lut

torch.set_num_threads(1)
TRIES = 41


def least(layer):
    outputs, inputs = layer["outputs"], layer["inputs"]
    torch.manual_seed(0)
    # As many layers as it takes for their codes to come from memory.
    copies = max(1, (96 << 20) // (outputs * inputs // 4))
    codes = [torch.randint(-128, 128, (inputs // 8, outputs, 2), dtype=torch.int8) for _ in range(copies)]
    books = torch.randn(2, 256, 1, 8)
    scales = torch.rand(outputs, 1, 1, 1)
    x = torch.randn(1, inputs)
    times = []
    for run in range(TRIES + 3):
        begun = time.process_time()
        numba_gemm_lut(x, codes[run % copies], books, scales, None)
        times.append(time.process_time() - begun)
    return min(times[3:])


for layer in json.load(sys.stdin)["products"]:
    seconds = least(layer)
    print(f"{layer['outputs']}x{layer['inputs']}: numba {1e3 * seconds:.3f} ms, octavo {1e3 * layer['seconds']:.3f} ms, "
          f"{seconds / layer['seconds']:.1f} times")
