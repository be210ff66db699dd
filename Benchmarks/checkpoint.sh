#!/usr/bin/env bash
# Inspects and converts a large sharded checkpoint, made up on the spot, and prints the time and the processor
# time that each takes, the most memory, and whether they keep within a second (the first) and 500 MB (600 for
# the rest). Its files are sparse: headers of a real shape, and zeros that take no room on the disk; the conversion
# does take it. Zeros cost the encoders of blocks less than weights do: their rate is another benchmark's.
#
#   SIZE_GB   the size of the checkpoint (default: 20)
#   GGUF_GB   the size of that which becomes GGUF and a container, and comes back (default: 6)
#   FOLDER    where to make it and what is converted (default: a temporary folder)
#   OCTAVO    the binary (default: .build/release/octavo)
#
# Where the disk has not the room for all that is converted, a smaller checkpoint is, and the table says so.
set -euo pipefail
cd "$(dirname "$0")/.."
octavo=${OCTAVO:-.build/release/octavo}
size=${SIZE_GB:-20}
work=$(mktemp -d ${FOLDER:+-p "$FOLDER"})
trap 'rm -rf "$work"' EXIT

make_checkpoint() { # FOLDER GIGABYTES
    python3 - "$1" "$2" <<'PY'
import json, os, struct, sys

folder, room = sys.argv[1], float(sys.argv[2]) * 1e9
os.makedirs(folder)
# A Llama 3 of 8 billion weights in bfloat16, with as many blocks as make up the size.
hidden, inner, keys, vocabulary = 4096, 14336, 1024, 128256
block = {
    "input_layernorm": [hidden], "post_attention_layernorm": [hidden],
    "self_attn.q_proj": [hidden, hidden], "self_attn.k_proj": [keys, hidden],
    "self_attn.v_proj": [keys, hidden], "self_attn.o_proj": [hidden, hidden],
    "mlp.gate_proj": [inner, hidden], "mlp.up_proj": [inner, hidden], "mlp.down_proj": [hidden, inner],
}
def size(shape):
    return 2 * shape[0] * (shape[1] if len(shape) > 1 else 1)
ends = 2 * size([vocabulary, hidden])
layers = max(1, round((room - ends) / sum(map(size, block.values()))))
tensors = [("model.embed_tokens.weight", [vocabulary, hidden])]
tensors += [(f"model.layers.{i}.{name}.weight", s) for i in range(layers) for name, s in block.items()]
tensors += [("model.norm.weight", [hidden]), ("lm_head.weight", [vocabulary, hidden])]
shards, filled = [[]], 0
for tensor in tensors:
    if filled + size(tensor[1]) > 5e9:
        shards.append([])
        filled = 0
    shards[-1].append(tensor)
    filled += size(tensor[1])
weight_map, total = {}, 0
for number, shard in enumerate(shards, 1):
    file, header, end = f"model-{number:05}-of-{len(shards):05}.safetensors", {"__metadata__": {"format": "pt"}}, 0
    for name, shape in shard:
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [end, end + size(shape)]}
        end += size(shape)
        weight_map[name] = file
    total += end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(folder, file), "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        out.truncate(8 + len(text) + end)
def write(name, value):
    with open(os.path.join(folder, name), "w") as out:
        json.dump(value, out)
write("model.safetensors.index.json", {"metadata": {"total_size": total}, "weight_map": weight_map})
write("config.json", {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": hidden,
    "intermediate_size": inner, "num_hidden_layers": layers, "num_attention_heads": 32,
    "num_key_value_heads": 8, "vocab_size": vocabulary, "max_position_embeddings": 8192,
    "rms_norm_eps": 1e-5, "rope_theta": 500000.0, "tie_word_embeddings": False, "torch_dtype": "bfloat16",
})
# As large as the vocabularies of today: three megabytes or more of tokens.
byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
write("tokenizer.json", {
    "version": "1.0", "added_tokens": [], "normalizer": None, "pre_tokenizer": byte_level,
    "post_processor": byte_level, "decoder": byte_level,
    "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
              "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
              "vocab": {f"token{i}": i for i in range(vocabulary)}, "merges": []},
})
PY
}

run() { # LIMIT-SECONDS LIMIT-MEGABYTES NAME GIGABYTES ARGUMENT...
    python3 - "$octavo" "$@" <<'PY'
import resource, subprocess, sys, time

octavo, limit, room, name, size, *arguments = sys.argv[1:]
def timed():
    start = time.monotonic()
    subprocess.run([octavo, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.monotonic() - start
# What is short is hurt most by whatever else the machine does: the best of three.
seconds = min(timed() for _ in range(1 if limit == "-" else 3))
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
megabytes, processor = usage.ru_maxrss / 1000, usage.ru_utime + usage.ru_stime
within = megabytes <= float(room) and (limit == "-" or seconds <= float(limit))
processor /= 1 if limit == "-" else 3
print(f"{name:28}{size:>6}{seconds:10.2f}{processor:10.2f}{megabytes:12.0f}  {'yes' if within else 'NO'}")
PY
}

make_checkpoint "$work/model" "$size"
room=$(($(df --output=avail -B1G "$work" | tail -1) - 5))
converted=$size
[ "$room" -gt "$size" ] || converted=$room
printf '%-28s%6s%10s%10s%12s  %s\n' "made-up checkpoint" GB seconds CPU-s 'MB at most' 'within'
run 1 500 inspect "$size" inspect "$work/model"
if [ "$converted" -lt 3 ]; then
    echo "skipped: no room on the disk for what is converted"
    exit 0
fi
if [ "$converted" != "$size" ]; then
    echo "no room on the disk for $size GB: converting $converted"
    rm -r "$work/model"
    make_checkpoint "$work/model" "$converted"
fi
run - 500 "convert --to safetensors" "$converted" convert "$work/model" "$work/out" --to safetensors
rm -r "$work/out"
run - 500 "convert --dtype f16" "$converted" convert "$work/model" "$work/out" --to safetensors --dtype f16
rm -r "$work/out" "$work/model"

gguf=${GGUF_GB:-6}
make_checkpoint "$work/model" "$gguf"
for type in f16 q8_0 q4_k; do
    run - 600 "convert --to gguf, $type" "$gguf" convert "$work/model" "$work/$type.gguf" --to gguf --type $type
done
run - 600 "F16 GGUF to safetensors" "$gguf" convert "$work/f16.gguf" "$work/out" --to safetensors
rm -r "$work/out"
run - 600 "Q4_K GGUF to safetensors" "$gguf" convert "$work/q4_k.gguf" "$work/out" --to safetensors
run - 600 "Q4_K GGUF to Q8_0 GGUF" "$gguf" convert "$work/q4_k.gguf" "$work/again.gguf" --to gguf --type q8_0
run - 600 "pack" "$gguf" pack "$work/model" "$work/model.aqlm"
run - 600 "unpack" "$gguf" unpack "$work/model.aqlm" "$work/unpacked"
rm -r "$work/unpacked"
run - 600 ".aqlm to Q8_0 GGUF" "$gguf" convert "$work/model.aqlm" "$work/packed.gguf" --to gguf --type q8_0
run - 600 "F16 GGUF to .aqlm" "$gguf" convert "$work/f16.gguf" "$work/gguf.aqlm" --to aqlm
run - 600 "verify of the .aqlm" "$gguf" verify "$work/model.aqlm" --digests
rm "$work"/*.aqlm "$work/packed.gguf"
run - 600 "diff with F16 GGUF" "$gguf" diff "$work/model" "$work/f16.gguf" --values
