"""Tiny random checkpoints of every family, with the logits, the loss and the gradients that transformers
and PyTorch's autograd compute for them in float32.

Run in this folder: `pip install torch transformers` and `python make_families.py [NAME…]`.
Made with transformers 5.23.0.
"""

import json
import math
import os
import sys

import torch
import transformers as T

BASE = dict(
    vocab_size=64, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=64, bos_token_id=1, eos_token_id=2, pad_token_id=0,
)
LENGTH, PREFIX = 40, 12


def rope(kind, **more):
    return dict(rope_type=kind, rope_theta=1000.0, **more)


CONFIGURATIONS = {
    # The whole text is beyond the context, the prefix within it.
    "mistral-window-dynamic": T.MistralConfig(
        **BASE | dict(max_position_embeddings=24), head_dim=8, sliding_window=7,
        rope_parameters=rope("dynamic", factor=3.0)),
    "qwen2-window-yarn": T.Qwen2Config(
        **BASE, use_sliding_window=True, sliding_window=9, max_window_layers=1,
        rope_parameters=rope("yarn", factor=4.0, original_max_position_embeddings=16)),
    "qwen3-biases-yarn": T.Qwen3Config(
        **BASE, head_dim=8, attention_bias=True, rope_parameters=rope(
            "yarn", factor=4.0, original_max_position_embeddings=16, beta_fast=8.0, beta_slow=0.5,
            mscale=1.0, mscale_all_dim=0.5, truncate=False)),
    "gemma": T.GemmaConfig(**BASE, head_dim=8, attention_bias=True),
    "gemma2": T.Gemma2Config(
        **BASE, head_dim=8, query_pre_attn_scalar=5, sliding_window=6, attn_logit_softcapping=2.0,
        final_logit_softcapping=3.0),
    "gemma3-linear": T.Gemma3TextConfig(
        **BASE | dict(num_hidden_layers=3), head_dim=8, query_pre_attn_scalar=11, sliding_window=6,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        rope_parameters=dict(
            full_attention=rope("linear", factor=8.0),
            sliding_attention=dict(rope_type="default", rope_theta=100.0))),
    # The whole text is beyond the original context, the prefix within it.
    "phi3-longrope-partial": T.Phi3Config(
        **BASE | dict(hidden_size=32), original_max_position_embeddings=16, sliding_window=20,
        rope_parameters=rope(
            "longrope", partial_rotary_factor=0.75, short_factor=[1.0, 1.1, 1.3],
            long_factor=[1.5, 2.5, 4.0])),
    "cohere": T.CohereConfig(**BASE, logit_scale=0.25, use_qk_norm=True, attention_bias=True),
    "granite": T.GraniteConfig(
        **BASE, embedding_multiplier=3.0, attention_multiplier=0.3, residual_multiplier=0.4,
        logits_scaling=2.5, attention_bias=True, mlp_bias=True),
    "olmo2": T.Olmo2Config(**BASE),
    "smollm3": T.SmolLM3Config(**BASE, no_rope_layer_interval=2, mlp_bias=True),
    "mixtral-window": T.MixtralConfig(
        **BASE, num_local_experts=5, num_experts_per_tok=2, sliding_window=7),
    # Experts in the second layer only, with weights that do not sum up to one.
    "qwen3-moe-mixed": T.Qwen3MoeConfig(
        **BASE | dict(num_hidden_layers=4), head_dim=8, attention_bias=True, num_experts=6,
        num_experts_per_tok=3, moe_intermediate_size=16, norm_topk_prob=False, decoder_sparse_step=2,
        mlp_only_layers=[3], use_sliding_window=True, sliding_window=9),
}


def projections(gradient):
    """The norm, and three numbers that hardly any wrong gradient has in common with the right one."""
    flat = gradient.double().flatten()
    index = torch.arange(flat.numel(), dtype=torch.float64)
    return [flat.norm().item()] + [(flat * torch.sin(k * index + k)).sum().item() for k in (1, 2, 3)]


def stored(model):
    """Parameters' gradients as checkpoints name the parameters, which hold each expert by itself."""
    for key, parameter in model.named_parameters():
        mixtral = model.config.model_type == "mixtral"
        key = key.replace(".mlp.", ".block_sparse_moe.") if mixtral else key
        module, _, kind = key.rpartition(".experts.")
        names = dict(gate="w1", down="w2", up="w3") if mixtral else dict(
            gate="gate_proj", down="down_proj", up="up_proj")
        if not module:
            yield key, parameter.grad
            continue
        for index, gradient in enumerate(parameter.grad):
            parts = (["gate", "up"], gradient.chunk(2)) if kind == "gate_up_proj" else (
                ["down"], [gradient])
            for part, gradient in zip(*parts):
                yield f"{module}.experts.{index}.{names[part]}.weight", gradient


for name, configuration in CONFIGURATIONS.items():
    if sys.argv[1:] and name not in sys.argv[1:]:
        continue
    torch.manual_seed(sum(map(ord, name)))
    model = T.AutoModelForCausalLM.from_config(configuration, dtype=torch.float16)
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape)
            # Norms and biases away from what they are initialised to, matrices near unit gain.
            if parameter.ndim == 1 or "norm" in key:
                parameter.copy_(parameter + 0.2 * noise)
            else:
                parameter.copy_(noise * (1.6 / parameter.shape[-1] ** 0.5))
    folder = f"families/{name}"
    model.save_pretrained(folder)
    os.remove(f"{folder}/generation_config.json")

    # Loaded anew: the conversion to 16 bits above has also rounded the table of frequencies.
    def load():
        return T.AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="eager").eval()

    tokens = torch.randint(3, 64, (1, LENGTH))
    with torch.inference_mode():
        # Each by a model of its own: some remember how long their texts have been.
        prefix = load()(tokens[:, :PREFIX]).logits[0]
    model = load()
    output = model(tokens, labels=tokens)
    logits = output.logits[0].detach()
    output.loss.backward()
    golden = dict(
        source=f"transformers {T.__version__}, float32, eager attention",
        input_ids=tokens[0].tolist(),
        mean_nll=output.loss.item(),
        argmax=logits.argmax(-1).tolist(),
        logits_pos7=logits[7].tolist(),
        logits_last=logits[-1].tolist(),
        prefix_length=PREFIX,
        logits_prefix=prefix[-1].tolist(),
        gradients={key: projections(gradient) for key, gradient in stored(model)},
    )
    assert all(math.isfinite(x) for x in golden["logits_last"])
    with open(f"{folder}/golden.json", "w") as file:
        json.dump(golden, file)
    print(name, logits.std().item(), sorted(dict(model.named_parameters()))[:30])
