"""Converts a model to GGUF in every type with octavo, and compares the files with independent readers.

usage: compare_gguf.py OCTAVO MODEL SCRATCH

PyPI's `gguf` opens every file: each tensor is found under the name that its table gives, and holds what its
own quantizers make of the weights, bit for bit (F32, F16, BF16, Q8_0, Q5_0, Q4_1, Q4_0); for Q4_K and Q6_K,
which it does not quantize, the squared error of what it decodes must be below that of the same format without
a search for scales. Where `llama-cpp-python` is installed, the squared error must also be below
that of its quantizer, its logits are compared with octavo's, and its tokens with those of PyPI's `tokenizers`; else that is skipped.
"""

import json
import os
import subprocess
import sys

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Q
from safetensors import safe_open
from safetensors.numpy import load_file

octavo, model, scratch = sys.argv[1:]
config = json.load(open(f"{model}/config.json"))
kind = config["model_type"]
ARCHITECTURES = dict(llama="llama", mistral="llama", mixtral="llama", qwen2="qwen2", qwen3="qwen3",
                     qwen3_moe="qwen3moe", gemma="gemma", gemma2="gemma2", gemma3_text="gemma3", phi3="phi3",
                     cohere="command-r", granite="granite", olmo2="olmo2", smollm3="smollm3")
TYPES = ["f32", "f16", "bf16", "q8_0", "q6_k", "q4_k", "q4_1", "q4_0"]


def run(*arguments):
    return subprocess.run([octavo, *arguments], check=True, capture_output=True, text=True).stdout


def bf16(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


def weights():
    """All tensors as float32."""
    for name in sorted(os.listdir(model)):
        if not name.endswith(".safetensors"):
            continue
        with safe_open(f"{model}/{name}", "np") as file:
            for key in file.keys():
                try:
                    yield key, file.get_tensor(key).astype(np.float32)
                except TypeError:  # numpy has no bfloat16
                    raw = open(f"{model}/{name}", "rb").read()
                    size = int.from_bytes(raw[:8], "little")
                    entry = json.loads(raw[8:8 + size])[key]
                    begin, end = (8 + size + offset for offset in entry["data_offsets"])
                    yield key, bf16(np.frombuffer(raw[begin:end], np.uint16)).reshape(entry["shape"])


def expected():
    """GGUF's names and values of all tensors, stacked and transformed as llama.cpp's converter does."""
    architecture = ARCHITECTURES[kind]
    table = gguf.get_tensor_name_map(
        next(k for k, v in gguf.MODEL_ARCH_NAMES.items() if v == architecture), config["num_hidden_layers"])
    heads = config["num_attention_heads"]
    groups = dict(q_proj=heads, k_proj=config.get("num_key_value_heads", heads))
    out, stacks = {}, {}
    for name, value in weights():
        base, suffix = name.rsplit(".", 1)
        if config.get("tie_word_embeddings") and name == "lm_head.weight":
            continue
        if ".experts." in name:
            block, expert, matrix = base.rsplit(".", 2)
            stacks.setdefault(f"{table.get_name(f'{block}.{matrix}')}.{suffix}", {})[int(expert)] = value
            continue
        count = groups.get(base.rsplit(".", 1)[-1])
        if architecture in ("llama", "granite", "smollm3") and count:
            shape = (count, 2, value.shape[0] // count // 2, *value.shape[1:])
            value = value.reshape(shape).swapaxes(1, 2).reshape(value.shape)
        if architecture.startswith("gemma") and name.endswith("norm.weight"):
            value = value + np.float32(1)
        out[f"{table.get_name(base)}.{suffix}"] = value
    for name, stack in stacks.items():
        out[name] = np.stack([stack[i] for i in range(len(stack))])
    return out


def rounded_scales(scales, highest):
    """Scales of a block as whole multiples, up to `highest`, of one half."""
    unit = (np.abs(scales).max(1, keepdims=True) / highest).astype(np.float16).astype(np.float64)
    return np.round(scales / np.maximum(unit, 1e-30)) * unit


def error_between_extremes(value):
    """The squared error of Q4_K without a search: steps from least to largest of 32, in 6-bit scales."""
    x = value.reshape(-1, 8, 32).astype(np.float64)
    low, high = np.minimum(x.min(2), 0), x.max(2)
    step = np.maximum(rounded_scales((high - low) / 15, 63), 1e-30)[:, :, None]
    offset = rounded_scales(-low, 63)[:, :, None]
    return float(((np.clip(np.round((x + offset) / step), 0, 15) * step - offset - x) ** 2).sum())


def error_around_zero(value):
    """The squared error of Q6_K without a search: the extreme of 16 becomes the last level."""
    x = value.reshape(-1, 16, 16).astype(np.float64)
    step = np.maximum(rounded_scales(np.abs(x).max(2) / 32, 127), 1e-30)[:, :, None]
    return float(((np.clip(np.round(x / step), -32, 31) * step - x) ** 2).sum())


def error_of_llama(value, kind, size):
    """The squared error of llama.cpp's own quantizer; nil where it is not installed."""
    try:
        import ctypes
        import glob

        import llama_cpp
    except ImportError:
        return None
    library = ctypes.CDLL(sorted(glob.glob(os.path.dirname(llama_cpp.__file__) + "/lib/libggml-base.so*"))[0])
    quantize = library.ggml_quantize_chunk
    quantize.restype = ctypes.c_size_t
    quantize.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64,
                         ctypes.c_int64, ctypes.c_void_p]
    x = np.ascontiguousarray(value.reshape(-1, value.shape[-1]))
    out = np.zeros(x.size // 256 * size, np.uint8)
    quantize(int(kind), x.ctypes.data, out.ctypes.data, 0, x.shape[0], x.shape[1], None)
    decoded = gguf.quants.dequantize(out.reshape(x.shape[0], -1), kind).reshape(x.shape)
    return float(((decoded.astype(np.float64) - x) ** 2).sum())


def check(path, tensors):
    reader = gguf.GGUFReader(path)
    found = {tensor.name: tensor for tensor in reader.tensors}
    extra = set(found) - set(tensors)
    assert extra <= {"rope_freqs.weight", "rope_factors_short.weight", "rope_factors_long.weight"}, extra
    assert set(tensors) <= set(found), set(tensors) - set(found)
    kinds, errors = {}, []
    for name, value in tensors.items():
        tensor = found[name]
        assert [int(d) for d in reversed(tensor.shape)] == list(value.shape), name
        quantized = tensor.tensor_type
        kinds[quantized.name] = kinds.get(quantized.name, 0) + 1
        if quantized in (Q.Q4_K, Q.Q6_K):
            decoded = gguf.quants.dequantize(tensor.data, quantized).reshape(value.shape)
            error = float(((decoded.astype(np.float64) - value) ** 2).sum())
            plain = error_between_extremes(value) if quantized == Q.Q4_K else error_around_zero(value)
            theirs = error_of_llama(value, quantized, 144 if quantized == Q.Q4_K else 210)
            assert error < plain and (theirs is None or error < theirs), (name, error, plain, theirs)
            errors.append((error / plain, None if theirs is None else error / theirs))
            continue
        expected = gguf.quants.quantize(value, quantized)
        assert np.ascontiguousarray(tensor.data).tobytes() == np.ascontiguousarray(expected).tobytes(), name
    summary = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    if errors:
        plain, theirs = zip(*errors)
        summary += f"; squared error {np.mean(plain):.3f} of that without a search"
        if theirs[0] is not None:
            summary += f", {np.mean(theirs):.3f} of llama.cpp's (largest {max(theirs):.3f})"
    return summary


def logits_of_llama(path, ids):
    import llama_cpp

    lm = llama_cpp.Llama(path, n_ctx=len(ids) + 8, logits_all=True, verbose=False, n_threads=2)
    lm.eval(ids)
    return np.array(lm.scores[: len(ids)], dtype=np.float32), lm


def compare_tokens(lm):
    from tokenizers import Tokenizer

    theirs = Tokenizer.from_file(f"{model}/tokenizer.json")
    texts = ["The sea is", "  two spaces\tand a tab\n\nlines", "It's 12345 o'clock, I'd say!", "naïve café — “ok”",
             "def f(x):\n    return x ** 2", "日本語 and русский", "<|im_start|>user\nHi<|im_end|>", "🙂🙃", ""]
    for text in texts:
        special = text.startswith("<|")
        ours = lm.tokenize(text.encode(), add_bos=False, special=special)
        want = theirs.encode(text, add_special_tokens=False).ids
        assert ours == want, (text, ours, want)
    print(f"  llama.cpp and tokenizers agree on {len(texts)} texts")


tensors = expected()
paths = {}
for kind_of_file in TYPES:
    path = paths[kind_of_file] = f"{scratch}/{kind_of_file}.gguf"
    run("convert", model, path, "--to", "gguf", "--type", kind_of_file)
    print(f"  {kind_of_file}: {check(path, tensors)}")
try:
    import llama_cpp  # noqa: F401
except ImportError:
    print("  skipped: llama-cpp-python is not installed")
    sys.exit(0)
rng = np.random.default_rng(1)
ids = [int(i) for i in rng.integers(3, min(config["vocab_size"], 20000), 24)]
json.dump(ids, open(f"{scratch}/gguf-ids.json", "w"))
for kind_of_file in TYPES:
    run("evaluate", paths[kind_of_file], "--tokens", f"{scratch}/gguf-ids.json", "--logits", f"{scratch}/l.safetensors")
    ours = load_file(f"{scratch}/l.safetensors")["logits"]
    theirs, lm = logits_of_llama(paths[kind_of_file], ids)
    difference = float(np.abs(ours - theirs).max() / theirs.std())
    agreement = float((ours.argmax(-1) == theirs.argmax(-1)).mean())
    print(f"  {kind_of_file}: llama.cpp's logits differ by at most {difference:.2e} of their deviation, "
          f"same argmax at {agreement:.0%}")
    # llama.cpp keeps keys and values in halves. Before products with matrices of other types it rounds
    # activations to 16 or 8 bits, and a router may choose other experts for that: most tokens must agree.
    if kind_of_file in ("f32", "f16"):
        assert difference < 0.05, "the logits differ"
    assert agreement >= 0.8, "the logits differ"
if os.path.exists(f"{model}/tokenizer.json"):
    compare_tokens(lm)
