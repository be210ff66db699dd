"""Makes the fixtures of OctavoCheckpointTests with the packages whose bytes Octavo must match.

    pip install numpy==2.4.6 safetensors==0.8.0 gguf==0.19.0 huggingface_hub==2.4.0
    python make_fixtures.py [path of golden/models]

The golden models are optional; without them golden.json is left as it is.
"""
import glob, hashlib, json, os, sys
import numpy as np
from gguf import GGMLQuantizationType as Q, GGUFWriter, quants
from huggingface_hub import split_state_dict_into_shards_factory
from safetensors import TensorSpec, deserialize, serialize

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(8)


def dump(name, value):
    with open(f"{here}/{name}", "w") as file:
        json.dump(value, file, indent=1)
        file.write("\n")


# safetensors files, byte for byte. The first five are the inputs of the reference writer's own tests.
WIDTHS = dict(float32=32, bfloat16=16, float16=16, uint8=8, int8=8, int16=16, int32=32, int64=64,
              float64=64, bool=8, uint16=16, uint32=32, uint64=64, float8_e4m3fn=8)
NAMES = dict(float32="F32", bfloat16="BF16", float16="F16", uint8="U8", int8="I8", int16="I16", int32="I32",
             int64="I64", float64="F64", bool="BOOL", uint16="U16", uint32="U32", uint64="U64",
             float8_e4m3fn="F8_E4M3", float4_e2m1fn_x2="F4")


def written(case, metadata, tensors):
    buffers = [np.frombuffer(values, np.uint8) if values else np.zeros(1, np.uint8) for *_, values in tensors]
    data = {name: TensorSpec(dtype=dtype, shape=shape, data_ptr=buffer.ctypes.data, data_len=len(values))
            for (name, dtype, shape, values), buffer in zip(tensors, buffers)}
    return dict(case=case, metadata=metadata or {}, file=serialize(data, metadata=metadata).hex(), tensors=[
        dict(name=name, dtype=NAMES[dtype], shape=logical(dtype, shape), bytes=bytes(values).hex())
        for name, dtype, shape, values in tensors])


def logical(dtype, shape):
    # PyTorch counts pairs of four-bit elements; the file counts elements.
    return shape[:-1] + [shape[-1] * 2] if dtype == "float4_e2m1fn_x2" else shape


floats = np.arange(6, dtype="<f4").tobytes()
one_of_each = [(f"t.{i}", d, [3], rng.integers(0, 2, 3 * w // 8, dtype=np.uint8).tobytes())
               for i, (d, w) in enumerate(WIDTHS.items())]
dump("writer.json", [
    written("float32", None, [("attn.0", "float32", [1, 2, 3], floats)]),
    written("four bits", None, [("attn.0", "float4_e2m1fn_x2", [1, 2, 1], b"\0\0")]),
    written("nothing", None, []),
    written("metadata only", {"framework": "pt"}, []),
    written("odd name lengths are padded", None, [("attn0", "float32", [1, 1, 2, 3], floats)]),
    written("every dtype, sorted", {"format": "pt"}, one_of_each),
    written("names sort by bytes", {"format": "pt"}, [
        (n, "float16", [1], b"\1\2") for n in ["b", "a.10", "a.2", "Z", "é", "\U0001f600", "\uff5a", 'q"\\\n']]),
    written("empty and scalar", {"format": "pt"}, [
        ("scalar", "float32", [], b"\0\0\x80\x3f"), ("empty", "float32", [0, 4], b""), ("last", "uint8", [1], b"x")]),
])

# How shards are filled.
cases = []
for limit, sizes in [(10, [6, 6, 2, 6, 2, 2]), (10, [3, 20, 4, 4]), (10, [20]), (10, [10, 10, 1]), (100, [5, 6])]:
    split = split_state_dict_into_shards_factory(
        {f"t{i}": n for i, n in enumerate(sizes)}, get_storage_size=lambda n: n,
        filename_pattern="model{suffix}.safetensors", max_shard_size=limit)
    cases.append(dict(limit=limit, sizes=sizes, files=split.filename_to_tensors))
dump("shards.json", cases)

# Random blocks, dequantized. Scales are drawn as floats so that no NaN comes up.
blocks = []
for kind, scales in [(Q.F16, None), (Q.BF16, None), (Q.Q4_0, 1), (Q.Q4_1, 2), (Q.Q8_0, 1)]:
    if scales is None:
        values = rng.standard_normal(64).astype(np.float32)
        values[:6] = [0, -0.0, 6e-8, 65504, -3e-6, 1]
        raw = quants.quantize(values, kind).view(np.uint8).reshape(-1)
    else:
        width = {Q.Q4_0: 18, Q.Q4_1: 20, Q.Q8_0: 34}[kind]
        raw = rng.integers(0, 256, (6, width), dtype=np.uint8)
        half = (rng.standard_normal((6, scales)) * 10.0 ** rng.integers(-7, 4, (6, 1))).astype("<f2")
        raw[:, : 2 * scales] = half.view(np.uint8).reshape(6, -1)
        raw = raw.reshape(-1)
    out = quants.dequantize(raw, kind).astype("<f4")
    blocks.append(dict(type=kind.name, bytes=raw.tobytes().hex(), floats=out.tobytes().hex()))
dump("blocks.json", blocks)


# A llama of one layer as llama.cpp's converter would write it, and as Hugging Face has it.
def permute(w, heads):
    return w.reshape(heads, 2, w.shape[0] // heads // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


def llama3_divisors(base, dim, factor, low, high, original):
    out = []
    for f in 1.0 / (base ** (np.arange(0, dim, 2, dtype=np.float32) / dim)):
        wavelength = 2 * np.pi / f
        if wavelength < original / high: out.append(1)
        elif wavelength > original / low: out.append(factor)
        else:
            smooth = (original / wavelength - low) / (high - low)
            out.append(1 / ((1 - smooth) / factor + smooth))
    return np.array(out, dtype=np.float32)


HIDDEN, HEADS, KV, HEAD, INNER, VOCAB = 32, 4, 2, 16, 64, 8
shapes = {
    "model.embed_tokens.weight": ("token_embd.weight", (VOCAB, HIDDEN)),
    "model.norm.weight": ("output_norm.weight", (HIDDEN,)),
    "model.layers.0.input_layernorm.weight": ("blk.0.attn_norm.weight", (HIDDEN,)),
    "model.layers.0.self_attn.q_proj.weight": ("blk.0.attn_q.weight", (HEADS * HEAD, HIDDEN)),
    "model.layers.0.self_attn.k_proj.weight": ("blk.0.attn_k.weight", (KV * HEAD, HIDDEN)),
    "model.layers.0.self_attn.v_proj.weight": ("blk.0.attn_v.weight", (KV * HEAD, HIDDEN)),
    "model.layers.0.self_attn.o_proj.weight": ("blk.0.attn_output.weight", (HIDDEN, HEADS * HEAD)),
    "model.layers.0.self_attn.q_proj.bias": ("blk.0.attn_q.bias", (HEADS * HEAD,)),
    "model.layers.0.self_attn.k_proj.bias": ("blk.0.attn_k.bias", (KV * HEAD,)),
    "model.layers.0.self_attn.v_proj.bias": ("blk.0.attn_v.bias", (KV * HEAD,)),
    "model.layers.0.self_attn.o_proj.bias": ("blk.0.attn_output.bias", (HIDDEN,)),
    "model.layers.0.post_attention_layernorm.weight": ("blk.0.ffn_norm.weight", (HIDDEN,)),
    "model.layers.0.mlp.gate_proj.weight": ("blk.0.ffn_gate.weight", (INNER, HIDDEN)),
    "model.layers.0.mlp.up_proj.weight": ("blk.0.ffn_up.weight", (INNER, HIDDEN)),
    "model.layers.0.mlp.down_proj.weight": ("blk.0.ffn_down.weight", (HIDDEN, INNER)),
}
writer = GGUFWriter(f"{here}/tiny-llama.gguf", "llama")
writer.add_context_length(131072)
writer.add_embedding_length(HIDDEN)
writer.add_block_count(1)
writer.add_feed_forward_length(INNER)
writer.add_head_count(HEADS)
writer.add_head_count_kv(KV)
writer.add_key_length(HEAD)
writer.add_value_length(HEAD)
writer.add_rope_dimension_count(HEAD)
writer.add_layer_norm_rms_eps(1e-5)
writer.add_rope_freq_base(500000.0)
writer.add_token_list(list("abcdefgh"))
writer.add_bos_token_id(1)
writer.add_eos_token_id(2)
expected = {}
for name, (gguf_name, shape) in shapes.items():
    weight = rng.standard_normal(shape).astype(np.float32)
    stored = weight
    if "q_proj" in name: stored = permute(weight, HEADS)
    if "k_proj" in name: stored = permute(weight, KV)
    if "q_proj.weight" in name:
        # Quantized rows move whole, so what must come back is the quantized form unpermuted.
        weight = quants.dequantize(quants.quantize(weight, Q.Q8_0), Q.Q8_0)
        writer.add_tensor(gguf_name, quants.quantize(stored, Q.Q8_0), raw_dtype=Q.Q8_0)
    else:
        writer.add_tensor(gguf_name, stored)
    expected[name] = dict(shape=list(shape), sha256=hashlib.sha256(weight.astype("<f4").tobytes()).hexdigest())
writer.add_tensor("rope_freqs.weight", llama3_divisors(500000.0, HEAD, 8.0, 1.0, 4.0, 8192))
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
dump("tiny-llama.json", expected)

# What the golden models hold: for each, the SHA-256 over all tensors, sorted by name, as 32-bit floats.
if len(sys.argv) > 1:
    golden = {}
    for model in sorted(os.listdir(sys.argv[1])):
        tensors = {}
        for path in glob.glob(f"{sys.argv[1]}/{model}/*.safetensors"):
            tensors.update(deserialize(open(path, "rb").read()))
        digest, names = hashlib.sha256(), []
        for name in sorted(tensors):
            info = tensors[name]
            raw = np.frombuffer(info["data"], {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}[info["dtype"]])
            if info["dtype"] == "BF16": raw = (raw.astype(np.uint32) << 16).view("<f4")
            digest.update(raw.astype("<f4").tobytes())
            names.append(dict(name=name, dtype=info["dtype"], shape=info["shape"]))
        golden[model] = dict(tensors=len(names), sha256=digest.hexdigest(), first=names[0], last=names[-1])
    dump("golden.json", golden)
