#!/usr/bin/env python3
"""Makes up a folded model of about so many megabytes: shapes of Llama 2 with as many blocks as that takes, random codes,
small codebooks, an embedding and a head in F16, and a byte-level tokenizer with as many merges as its vocabulary needs.

    Benchmarks/folded.py FOLDER MEGABYTES [2x8g8]

Run as `octavo benchmark load FOLDER` or `octavo benchmark inference FOLDER` does; what it says means nothing.
"""

import array
import json
import os
import pathlib
import random
import struct
import sys

folder, room = pathlib.Path(sys.argv[1]), float(sys.argv[2]) * 1e6
scheme = sys.argv[3] if len(sys.argv) > 3 else "2x8g8"
books, rest = scheme.split("x")
bits, group = map(int, rest.split("g"))
books = int(books)
hidden, inner, keys, vocabulary, heads = 4096, 11008, 4096, 32000, 32
if room < 2.5e8:  # one block of the shapes above and its ends would be larger
    hidden, inner, keys, vocabulary, heads = 1024, 2816, 256, 8192, 16
linears = {
    "self_attn.q_proj": (hidden, hidden), "self_attn.k_proj": (keys, hidden), "self_attn.v_proj": (keys, hidden),
    "self_attn.o_proj": (hidden, hidden), "mlp.gate_proj": (inner, hidden), "mlp.up_proj": (inner, hidden),
    "mlp.down_proj": (hidden, inner),
}
width = 1 if bits <= 8 else 2
block = sum(width * o * (i // group) * books + 2 * books * (1 << bits) * group + 2 * o for o, i in linears.values())
blocks = max(1, round((room - 4 * vocabulary * hidden) / block))
chance = random.Random(1)


# Signs and mantissas of halves are noise, exponents are few, as those of weights.
EXPONENTS = bytes(i & 0x83 | 0x20 | (i >> 2 & 0x1F).bit_length() << 2 for i in range(256))


def halves(count):
    values = bytearray(2 * count)
    values[0::2] = chance.randbytes(count)
    values[1::2] = chance.randbytes(count).translate(EXPONENTS)
    return values


def codes(count):
    raw = chance.randbytes(width * count)
    if bits in (8, 16):
        return raw
    unused = 8 * width - bits  # the low bits, sign-extended
    numbers = array.array("b" if width == 1 else "h", raw)
    return array.array(numbers.typecode, (number >> unused for number in numbers)).tobytes()


tensors = [("model.embed_tokens.weight", "F16", [vocabulary, hidden], halves)]
for layer in range(blocks):
    path = f"model.layers.{layer}."
    for norm in ("input_layernorm", "post_attention_layernorm"):
        tensors.append((path + norm + ".weight", "F16", [hidden], lambda n: struct.pack("<e", 1) * n))
    for name, (o, i) in linears.items():
        kind = "I8" if width == 1 else "I16"
        tensors.append((path + name + ".codes", kind, [o, i // group, books], codes))
        tensors.append((path + name + ".codebooks", "F16", [books, 1 << bits, 1, group], halves))
        tensors.append((path + name + ".scales", "F16", [o, 1, 1, 1], lambda n: struct.pack("<e", 1) * n))
tensors.append(("model.norm.weight", "F16", [hidden], lambda n: struct.pack("<e", 1) * n))
tensors.append(("lm_head.weight", "F16", [vocabulary, hidden], halves))

header, end = {"__metadata__": {"format": "pt"}}, 0
for name, kind, shape, _ in tensors:
    count = 1
    for side in shape:
        count *= side
    size = count * (1 if kind == "I8" else 2)
    header[name] = {"dtype": kind, "shape": shape, "data_offsets": [end, end + size]}
    end += size
folder.mkdir()
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with open(folder / "model.safetensors", "wb") as out:
    out.write(struct.pack("<Q", len(text)) + text)
    for _, _, shape, make in tensors:
        count = 1
        for side in shape:
            count *= side
        out.write(make(count))

unquantized = ["model.embed_tokens", "model.embed_tokens.weight", "model.norm", "model.norm.weight", "lm_head", "lm_head.weight"]
for layer in range(blocks):
    for norm in ("input_layernorm", "post_attention_layernorm"):
        unquantized += [f"model.layers.{layer}.{norm}", f"model.layers.{layer}.{norm}.weight"]
config = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": hidden, "intermediate_size": inner,
    "num_hidden_layers": blocks, "num_attention_heads": heads, "num_key_value_heads": heads * keys // hidden,
    "vocab_size": vocabulary, "max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
    "tie_word_embeddings": False, "torch_dtype": "float16", "hidden_act": "silu", "bos_token_id": 0, "eos_token_id": 1,
    "quantization_config": {
        "quant_method": "aqlm", "nbits_per_codebook": bits, "num_codebooks": books, "in_group_size": group,
        "out_group_size": 1, "linear_weights_not_to_quantize": unquantized,
    },
}
(folder / "config.json").write_text(json.dumps(config))

# Bytes as the byte-level alphabet writes them, then pairs of what is there already.
plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
others = [byte for byte in range(256) if byte not in plain]
alphabet = [chr(byte) for byte in plain] + [chr(256 + n) for n in range(len(others))]
words, merges, known = list(alphabet), [], set(alphabet)
while len(words) < vocabulary:
    a, b = chance.choice(words), chance.choice(words)
    if len(a + b) <= 12 and a + b not in known:
        words.append(a + b)
        known.add(a + b)
        merges.append(f"{a} {b}")
byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
tokenizer = {
    "version": "1.0", "added_tokens": [], "normalizer": None, "pre_tokenizer": byte_level,
    "post_processor": byte_level, "decoder": byte_level,
    "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
              "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
              "vocab": {word: i for i, word in enumerate(words)}, "merges": merges},
}
(folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False))
