"""Makes a tiny GGUF file of every family that Octavo imports, with the `gguf` package of PyPI, and beside it
what must come back: the configuration, and every tensor's shape and SHA-256 as 32-bit floats.

    pip install numpy==2.4.6 safetensors==0.8.0 gguf==0.19.0
    python make_models.py                              the fixtures beside this script, with random weights
    python make_models.py MODELS OUT                   the same of every Hugging Face model in a folder

Names are those of gguf's own table, metadata and transformed values those that llama.cpp's converter writes.
Nothing here is taken from Octavo.
"""
import glob, hashlib, json, math, os, sys
import numpy as np
import gguf
from gguf import GGMLQuantizationType as Q, GGUFWriter, quants
from safetensors import deserialize

ARCHITECTURES = dict(llama="llama", mistral="llama", mixtral="llama", qwen2="qwen2", qwen3="qwen3", qwen3_moe="qwen3moe",
                     gemma="gemma", gemma2="gemma2", gemma3_text="gemma3", phi3="phi3")
# What GGUF has no word for; the reader leaves it out, or knows better.
UNSTATED = ["transformers_version", "use_bidirectional_attention", "max_window_layers", "_sliding_window_pattern"]
# Types by a part of the tensor's name; what no part fits is F32. gguf quantizes no K-quants.
MIXED = dict(attn_q=Q.Q8_0, attn_k=Q.Q5_0, attn_v=Q.BF16, attn_output=Q.F16, ffn_gate=Q.Q4_1, ffn_up=Q.Q5_1, ffn_down=Q.Q4_0,
             attn_qkv=Q.Q4_0, token_embd=Q.Q8_0)


def permute(w, heads):
    return w.reshape(heads, 2, w.shape[0] // heads // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


def llama3_divisors(rope, dim):
    factor, low, high = rope["factor"], rope["low_freq_factor"], rope["high_freq_factor"]
    original, out = rope["original_max_position_embeddings"], []
    for f in 1.0 / (rope["rope_theta"] ** (np.arange(0, dim, 2, dtype=np.float32) / dim)):
        wavelength = 2 * np.pi / f
        if wavelength < original / high: out.append(1)
        elif wavelength > original / low: out.append(factor)
        else:
            smooth = (original / wavelength - low) / (high - low)
            out.append(1 / ((1 - smooth) / factor + smooth))
    return np.array(out, dtype=np.float32)


def write_metadata(writer, config, rope, head):
    """The keys that llama.cpp's converter writes."""
    kind = config["model_type"]
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(rope["rope_theta"])
    writer.add_file_type(1)
    writer.add_quantization_version(2)
    if head * config["num_attention_heads"] != config["hidden_size"]:
        writer.add_key_length(head)
        writer.add_value_length(head)
    if kind in ("llama", "mistral", "mixtral"):
        writer.add_vocab_size(config["vocab_size"])
        writer.add_rope_dimension_count(head)
    if kind == "phi3":
        writer.add_rope_dimension_count(int(head * rope["partial_rotary_factor"]))
        writer.add_rope_scaling_orig_ctx_len(config["original_max_position_embeddings"])
        writer.add_sliding_window(config["sliding_window"] or 0)
        if rope["rope_type"] == "longrope":
            stretch = config["max_position_embeddings"] / config["original_max_position_embeddings"]
            writer.add_rope_scaling_attn_factors(math.sqrt(1 + math.log(stretch) / math.log(config["original_max_position_embeddings"])))
    elif config.get("sliding_window") is not None:
        writer.add_sliding_window(config["sliding_window"])
    if rope["rope_type"] in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(rope["rope_type"]))
        writer.add_rope_scaling_factor(rope["factor"])
    # The converter leaves this out for llama3, and readers take 8192.
    if rope["rope_type"] == "yarn" or rope.get("original_max_position_embeddings", 8192) != 8192:
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
    if kind in ("mixtral", "qwen3_moe"):
        writer.add_expert_count(config["num_local_experts"])
        writer.add_expert_used_count(config["num_experts_per_tok"])
    if kind == "qwen3_moe":
        writer.add_expert_feed_forward_length(config["moe_intermediate_size"])
    if kind == "gemma2":
        writer.add_attn_logit_softcapping(config["attn_logit_softcapping"])
        writer.add_final_logit_softcapping(config["final_logit_softcapping"])
    if kind == "gemma3_text":
        writer.add_sliding_window_pattern([t == "sliding_attention" for t in config["layer_types"]])
        writer.add_rope_freq_base_swa(config["rope_parameters"]["sliding_attention"]["rope_theta"])
    writer.add_tokenizer_model("no_vocab")
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_pad_token_id(config["pad_token_id"])


def expected_config(config, rope, head, types):
    """What the reader must make of it: both generations' keys."""
    out = {k: v for k, v in config.items() if k not in UNSTATED}
    kind = out["model_type"]
    out["head_dim"] = head
    out["rope_theta"] = rope["rope_theta"]
    out["rope_scaling"] = {k: v for k, v in rope.items() if k not in ("rope_theta", "partial_rotary_factor")}
    if rope["rope_type"] == "default": out["rope_scaling"] = None
    # The oldest readers of Phi-3 know no other spelling.
    if rope["rope_type"] == "longrope": out["rope_scaling"]["type"] = out["rope_scaling"].pop("rope_type")
    if kind == "phi3": out["partial_rotary_factor"] = rope["partial_rotary_factor"]
    if kind == "gemma": out["hidden_activation"] = out["hidden_act"]
    if kind == "gemma3_text": out["rope_local_base_freq"] = out["rope_parameters"]["sliding_attention"]["rope_theta"]
    if kind == "qwen3_moe": out["num_experts"] = out["num_local_experts"]
    # GGUF does not say; llama.cpp takes the head size but for the largest model.
    if "query_pre_attn_scalar" in out: out["query_pre_attn_scalar"] = head
    out["dtype"] = out["torch_dtype"] = "bfloat16" if Q.BF16 in types else "float32" if types == {Q.F32} else "float16"
    return out


def write_model(path, config, tensors, mixed, experts_apart=False, split=0):
    kind, layers = config["model_type"], config["num_hidden_layers"]
    architecture = ARCHITECTURES[kind]
    head = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    rope = config["rope_parameters"]
    rope = rope.get("full_attention", rope)
    writer = GGUFWriter(path, architecture, split_max_tensors=split)
    write_metadata(writer, config, rope, head)
    table = gguf.get_tensor_name_map(next(k for k, v in gguf.MODEL_ARCH_NAMES.items() if v == architecture), layers)
    expected, types, stacks = {}, set(), {}

    def stored(value, name):
        quantized = next((q for part, q in reversed(MIXED.items()) if part + "." in name or part + "_exps" in name), Q.F32)
        type = quantized if mixed and name.endswith("weight") and value.ndim > 1 else Q.F32
        types.add(type)
        return quants.quantize(value, type), type

    def decoded(value, type):
        return quants.dequantize(value, type).astype("<f4") if type != Q.F32 else value.astype("<f4")

    def expect(name, value):
        expected[name] = dict(shape=list(value.shape), sha256=hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest())

    for name, weight in sorted(tensors.items()):
        base, suffix = name.rsplit(".", 1)
        if ".experts." in name:
            block, expert, matrix = base.rsplit(".", 2)
            new = table.get_name(f"{block}.{matrix}")
            bits, type = stored(weight, f"{new}.{suffix}")
            expect(name, decoded(bits, type))
            if experts_apart: writer.add_tensor(f"{new.removesuffix('_exps')}.{expert}.{suffix}", bits, raw_dtype=type)
            else: stacks.setdefault(f"{new}.{suffix}", {})[int(expert)] = (bits, type)
            continue
        new = f"{table.get_name(base)}.{suffix}"
        heads = dict(q_proj="num_attention_heads", k_proj="num_key_value_heads").get(base.rsplit(".", 1)[-1])
        raised = kind.startswith("gemma") and name.endswith("norm.weight")
        if architecture == "llama" and heads:
            writer_bits, type = stored(permute(weight, config[heads]), new)
            # Quantized rows move whole.
            expect(name, decoded(stored(weight, new)[0], type))
        else:
            writer_bits, type = stored(weight + np.float32(1) if raised else weight, new)
            back = decoded(writer_bits, type)
            if raised:
                back = back - np.float32(1)
                assert np.abs(back - weight).max() <= 2**-23, "what raising rounds off"
            expect(name, back)
        writer.add_tensor(new, writer_bits, raw_dtype=type)
    for name, parts in stacks.items():
        writer.add_tensor(name, np.stack([parts[i][0] for i in range(len(parts))]), raw_dtype=parts[0][1])
    if rope["rope_type"] == "llama3": writer.add_tensor("rope_freqs.weight", llama3_divisors(rope, head))
    if rope["rope_type"] == "longrope":
        for which in ["long", "short"]:
            writer.add_tensor(f"rope_factors_{which}.weight", np.array(rope[f"{which}_factor"], np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with open(path.removesuffix(".gguf") + ".json", "w") as file:
        json.dump(dict(config=expected_config(config, rope, head, types), tensors=expected), file, indent=1)
        file.write("\n")


def shapes(config):
    """The tensors of a model, as transformers saves them."""
    kind, hidden, inner = config["model_type"], config["hidden_size"], config["intermediate_size"]
    head = config.get("head_dim") or hidden // config["num_attention_heads"]
    q, k = config["num_attention_heads"] * head, config["num_key_value_heads"] * head
    out = {"model.embed_tokens.weight": (config["vocab_size"], hidden), "model.norm.weight": (hidden,)}
    if not config["tie_word_embeddings"]: out["lm_head.weight"] = (config["vocab_size"], hidden)
    for layer in range(config["num_hidden_layers"]):
        at = f"model.layers.{layer}."
        norms = ["input_layernorm", "post_attention_layernorm"]
        if kind in ("gemma2", "gemma3_text"): norms += ["pre_feedforward_layernorm", "post_feedforward_layernorm"]
        out |= {f"{at}{norm}.weight": (hidden,) for norm in norms}
        if kind in ("qwen3", "qwen3_moe", "gemma3_text"):
            out |= {f"{at}self_attn.{norm}.weight": (head,) for norm in ["q_norm", "k_norm"]}
        linears = {"self_attn.o_proj": (hidden, q)}
        if kind == "phi3": linears |= {"self_attn.qkv_proj": (q + 2 * k, hidden)}
        else: linears |= {"self_attn.q_proj": (q, hidden), "self_attn.k_proj": (k, hidden), "self_attn.v_proj": (k, hidden)}
        biased = list(linears) if config.get("attention_bias") else []
        if kind == "qwen2": biased = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"]
        out |= {f"{at}{linear}.bias": linears[linear][:1] for linear in biased}
        if "num_local_experts" in config:
            block, (gate, up, down) = "mlp", ("gate_proj", "up_proj", "down_proj")
            if kind == "mixtral": block, (gate, up, down) = "block_sparse_moe", ("w1", "w3", "w2")
            width = config.get("moe_intermediate_size", inner)
            linears[f"{block}.gate"] = (config["num_local_experts"], hidden)
            for expert in range(config["num_local_experts"]):
                linears |= {f"{block}.experts.{expert}.{gate}": (width, hidden), f"{block}.experts.{expert}.{up}": (width, hidden),
                            f"{block}.experts.{expert}.{down}": (hidden, width)}
        elif kind == "phi3": linears |= {"mlp.gate_up_proj": (2 * inner, hidden), "mlp.down_proj": (hidden, inner)}
        else: linears |= {"mlp.gate_proj": (inner, hidden), "mlp.up_proj": (inner, hidden), "mlp.down_proj": (hidden, inner)}
        out |= {f"{at}{linear}.weight": shape for linear, shape in linears.items()}
    return out


def make_fixtures(folder):
    common = dict(attention_dropout=0.0, bos_token_id=1, eos_token_id=2, pad_token_id=0, hidden_size=32, initializer_range=0.02,
                  intermediate_size=32, max_position_embeddings=256, num_attention_heads=2, num_hidden_layers=2,
                  num_key_value_heads=1, rms_norm_eps=1e-6, tie_word_embeddings=False, use_cache=True, vocab_size=8,
                  rope_parameters=dict(rope_theta=10000.0, rope_type="default"))
    silu, gelu = dict(hidden_act="silu"), dict(hidden_activation="gelu_pytorch_tanh", tie_word_embeddings=True)
    qwen = silu | dict(sliding_window=None, use_sliding_window=False)
    router = dict(num_local_experts=2, num_experts_per_tok=1, output_router_logits=False, router_aux_loss_coef=0.001)
    full = dict(layer_types=["full_attention"] * 2)
    mixtral = silu | router | dict(model_type="mixtral", architectures=["MixtralForCausalLM"], router_jitter_noise=0.0,
                                   sliding_window=None, head_dim=None)
    models = dict(
        llama=silu | dict(model_type="llama", architectures=["LlamaForCausalLM"], attention_bias=True, mlp_bias=False,
                          num_hidden_layers=1, pretraining_tp=1, rope_parameters=dict(rope_theta=10000.0, rope_type="linear", factor=4.0)),
        mistral=silu | dict(model_type="mistral", architectures=["MistralForCausalLM"], sliding_window=8),
        mixtral=mixtral, mixtral_apart=mixtral,
        qwen2=qwen | full | dict(model_type="qwen2", architectures=["Qwen2ForCausalLM"], rope_parameters=dict(
            rope_theta=1000000.0, rope_type="yarn", factor=4.0, original_max_position_embeddings=64)),
        qwen3=qwen | full | dict(model_type="qwen3", architectures=["Qwen3ForCausalLM"], attention_bias=False, head_dim=32),
        qwen3moe=qwen | router | dict(model_type="qwen3_moe", architectures=["Qwen3MoeForCausalLM"], attention_bias=False,
                                      head_dim=32, decoder_sparse_step=1, mlp_only_layers=[], norm_topk_prob=True,
                                      moe_intermediate_size=64),
        gemma=gelu | dict(model_type="gemma", architectures=["GemmaForCausalLM"], attention_bias=False,
                          hidden_act="gelu_pytorch_tanh", head_dim=32),
        gemma2=gelu | dict(model_type="gemma2", architectures=["Gemma2ForCausalLM"], attention_bias=False, head_dim=32,
                           attn_logit_softcapping=25.0, final_logit_softcapping=15.0, query_pre_attn_scalar=32, sliding_window=8,
                           layer_types=["sliding_attention", "full_attention"]),
        gemma3=gelu | dict(model_type="gemma3_text", architectures=["Gemma3ForCausalLM"], attention_bias=False, head_dim=32,
                           attn_logit_softcapping=None, final_logit_softcapping=None, query_pre_attn_scalar=32, sliding_window=8,
                           layer_types=["full_attention", "sliding_attention"], rope_parameters=dict(
                               full_attention=dict(rope_theta=1000000.0, rope_type="linear", factor=8.0),
                               sliding_attention=dict(rope_theta=20000.0, rope_type="default"))),
        phi3=silu | dict(model_type="phi3", architectures=["Phi3ForCausalLM"], embd_pdrop=0.0, resid_pdrop=0.0, sliding_window=16,
                         original_max_position_embeddings=64, rope_parameters=dict(
                             rope_theta=10000.0, rope_type="longrope", partial_rotary_factor=0.5,
                             long_factor=[1.0, 1.5, 2.5, 4.0], short_factor=[1.0, 1.1, 1.2, 1.3])),
    )
    rng = np.random.default_rng(10)
    for name, config in models.items():
        tensors = {n: rng.standard_normal(s).astype(np.float16).astype(np.float32) for n, s in shapes(common | config).items()}
        write_model(f"{folder}/{name}.gguf", common | config, tensors, mixed=name != "llama",
                    experts_apart=name == "mixtral_apart", split=10 if name == "qwen2" else 0)


def read_model(folder):
    tensors = {}
    for path in glob.glob(f"{folder}/*.safetensors"):
        for name, info in deserialize(open(path, "rb").read()):
            raw = np.frombuffer(info["data"], {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}[info["dtype"]])
            if info["dtype"] == "BF16": raw = (raw.astype(np.uint32) << 16).view("<f4")
            tensors[name] = raw.astype("<f4").reshape(info["shape"])
    return json.load(open(f"{folder}/config.json")), tensors


if len(sys.argv) == 3:
    for model in sorted(os.listdir(sys.argv[1])):
        for mixed in [False, True]:
            name = f"{sys.argv[2]}/{model}-{'mixed' if mixed else 'f32'}.gguf"
            write_model(name, *read_model(f"{sys.argv[1]}/{model}"), mixed)
else:
    make_fixtures(os.path.dirname(os.path.abspath(__file__)))
