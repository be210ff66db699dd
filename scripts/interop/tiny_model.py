"""Writes a Llama of random weights in Hugging Face layout: two blocks of width 32, a token for each byte.

    python tiny_model.py DIRECTORY

Written byte by byte, with the standard library alone.
"""

import array
import json
import pathlib
import random
import struct
import sys

HIDDEN, INTERMEDIATE, LAYERS, HEADS, VOCABULARY = 32, 64, 2, 2, 258
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{{ m.role + ': ' + m.content }}{% if m.role == 'assistant' %}"
    "{{ eos_token }}{% endif %}{{ '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
)


def shapes():
    yield "model.embed_tokens.weight", [VOCABULARY, HIDDEN]
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        for norm in ("input_layernorm", "post_attention_layernorm"):
            yield f"{prefix}{norm}.weight", [HIDDEN]
        for name in "qkvo":
            yield f"{prefix}self_attn.{name}_proj.weight", [HIDDEN, HIDDEN]
        yield f"{prefix}mlp.gate_proj.weight", [INTERMEDIATE, HIDDEN]
        yield f"{prefix}mlp.up_proj.weight", [INTERMEDIATE, HIDDEN]
        yield f"{prefix}mlp.down_proj.weight", [HIDDEN, INTERMEDIATE]
    yield "model.norm.weight", [HIDDEN]


def safetensors():
    generator = random.Random(1)
    header, data = {}, b""
    for name, shape in sorted(shapes()):
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        if len(shape) == 1:
            values = [1 + generator.gauss(0, 0.1) for _ in range(count)]
        else:
            values = [generator.gauss(0, 1 if "embed" in name else 0.3) for _ in range(count)]
        if "embed" in name:
            # The token that ends a text is never the likeliest.
            values[HIDDEN:2 * HIDDEN] = [0.0] * HIDDEN
        piece = array.array("f", values).tobytes()
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(piece)]}
        data += piece
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def vocabulary():
    """One token a byte, in the spelling of byte-level tokenizers."""
    result, spare = {"<bos>": 0, "<eos>": 1}, 0x100
    for byte in range(256):
        printable = 0x21 <= byte <= 0x7E or 0xA1 <= byte <= 0xAC or byte >= 0xAE
        result[chr(byte if printable else spare)] = byte + 2
        spare += not printable
    return result


def main(directory):
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True)

    def write(name, value):
        (directory / name).write_text(json.dumps(value))

    write("config.json", {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": HIDDEN,
        "intermediate_size": INTERMEDIATE, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS, "head_dim": HIDDEN // HEADS, "vocab_size": VOCABULARY,
        "max_position_embeddings": 32768, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu",
        "tie_word_embeddings": True, "attention_bias": False, "mlp_bias": False, "bos_token_id": 0,
        "eos_token_id": 1, "torch_dtype": "float32",
    })
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    write("tokenizer.json", {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [
            {"id": i, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
             "special": True} for i, token in enumerate(("<bos>", "<eos>"))
        ],
        "normalizer": None, "pre_tokenizer": byte_level, "post_processor": byte_level, "decoder": byte_level,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "vocab": vocabulary(), "merges": [],
        },
    })
    write("tokenizer_config.json", {"bos_token": "<bos>", "eos_token": "<eos>", "chat_template": TEMPLATE})
    (directory / "model.safetensors").write_bytes(safetensors())


main(sys.argv[1])
