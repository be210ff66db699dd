"""Loads an artifact with transformers and aqlm, and compares its logits with Octavo's.

usage: compare_logits.py ARTIFACT IDS.json LOGITS.safetensors

Fails if any logit differs by more than 1e-3 of the logits' standard deviation. Both sides compute in
float32 from the same fp16 codebooks and scales; what is left is the order of summation.
"""

import json
import sys

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

artifact, ids_path, logits_path = sys.argv[1:]
ids = json.load(open(ids_path))
ours = load_file(logits_path)["logits"]

model, report = AutoModelForCausalLM.from_pretrained(
    artifact, dtype=torch.float32, output_loading_info=True
)
for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
    assert not report[kind], f"{kind}: {report[kind]}"
kinds = {type(module).__name__ for module in model.modules()}
assert "QuantizedLinear" in kinds, f"nothing was loaded as quantized: {kinds}"

with torch.no_grad():
    theirs = model(torch.tensor([ids])).logits[0].float()
assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
difference = (ours - theirs).abs().max().item() / theirs.std().item()
agreement = (ours.argmax(-1) == theirs.argmax(-1)).float().mean().item()
print(f"largest difference {difference:.2e} of the logits' deviation, same argmax at {agreement:.0%}")
assert difference < 1e-3, "the logits differ"
