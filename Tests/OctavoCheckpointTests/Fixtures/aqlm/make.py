"""A tiny random model in the AQLM layout, and what becomes of it when it is saved after a forward pass on a CPU.

Run in this folder: `pip install torch "transformers<5" accelerate "aqlm[cpu]" scipy` and `python make.py`.
Made with transformers 4.57.6, aqlm 1.1.7 and torch 2.13.0, with NUMBA_NUM_THREADS=1.

Writes
  sound/         the model as it is published: all unquantized parameters listed, linears in both spellings
  round-trip/    the same, loaded, run and saved again by transformers: codes come out transposed
  weights.json   for each quantized linear, the SHA-256 of the float32 weights that aqlm makes of its codes
"""

import hashlib
import json
import pathlib
import shutil

import aqlm.utils
import torch
import transformers
from safetensors.torch import save_file

torch.manual_seed(1)
config = transformers.LlamaConfig(
    vocab_size=64, hidden_size=64, intermediate_size=128, num_hidden_layers=1, num_attention_heads=8,
    # One key-value head of 8: its codes are 8 by 8, so that their shape is its own transpose.
    num_key_value_heads=1, head_dim=8, max_position_embeddings=64, bos_token_id=1, eos_token_id=2,
    tie_word_embeddings=False,
)
model = transformers.LlamaForCausalLM(config)
bits, group, codebooks = 8, 8, 1
tensors, kept, digests = {}, [], {}
for name, weight in model.state_dict().items():
    if weight.ndim == 1 or "layers" not in name:
        tensors[name] = weight.half().contiguous()
        kept.append(name)
        continue
    path = name.removesuffix(".weight")
    rows, columns = weight.shape
    codes = torch.randint(0, 2**bits, (rows, columns // group, codebooks))
    entries = (torch.randn(codebooks, 2**bits, 1, group) / 8).half()
    scales = torch.rand(rows, 1, 1, 1).half() + 0.5
    dense = aqlm.utils._dequantize_weight(codes, entries.float(), scales.float())
    digests[path] = hashlib.sha256(dense.contiguous().numpy().tobytes()).hexdigest()
    tensors[path + ".codes"] = aqlm.utils.pack_int_data(codes, bits)
    tensors[path + ".codebooks"] = entries
    tensors[path + ".scales"] = scales

sound = pathlib.Path("sound")
shutil.rmtree(sound, ignore_errors=True)
sound.mkdir()
declared = config.to_dict()
declared["architectures"] = ["LlamaForCausalLM"]
declared["torch_dtype"] = "float16"
declared.pop("dtype", None)
declared["quantization_config"] = {
    "quant_method": "aqlm", "nbits_per_codebook": bits, "num_codebooks": codebooks,
    "in_group_size": group, "out_group_size": 1,
    "linear_weights_not_to_quantize": sorted(kept + ["lm_head"]),
}
(sound / "config.json").write_text(json.dumps(declared, indent=2, sort_keys=True) + "\n")
save_file(tensors, sound / "model.safetensors", metadata={"format": "pt"})
pathlib.Path("weights.json").write_text(json.dumps(digests, indent=2) + "\n")

# The kernel for 8 bits computes in float32 alone.
loaded = transformers.AutoModelForCausalLM.from_pretrained(sound, dtype=torch.float32)
with torch.inference_mode():
    loaded(torch.arange(8)[None])
shutil.rmtree("round-trip", ignore_errors=True)
loaded.save_pretrained("round-trip")
