"""Tiny random checkpoints with the logits that transformers computes for them in float32.

Run in this folder: `pip install torch transformers` and `python make.py`. Made with transformers 5.23.0.
"""

import json
import os

import torch
import transformers
from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig

BASE = dict(
    vocab_size=96, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=64, bos_token_id=1, eos_token_id=2,
)
CONFIGURATIONS = {
    "linear-rope-with-biases": LlamaConfig(
        **BASE, attention_bias=True, mlp_bias=True,
        rope_parameters=dict(rope_type="linear", rope_theta=1000.0, factor=2.0)),
    "llama3-rope-tied": LlamaConfig(
        **BASE, tie_word_embeddings=True, head_dim=16, rms_norm_eps=1e-5,
        rope_parameters=dict(
            rope_type="llama3", rope_theta=10000.0, factor=8.0, low_freq_factor=1.0,
            high_freq_factor=4.0, original_max_position_embeddings=16)),
    "mistral-full-attention": MistralConfig(**BASE, head_dim=12, sliding_window=None),
}

for seed, (name, configuration) in enumerate(CONFIGURATIONS.items()):
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(configuration, dtype=torch.float16)
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape)
            # Norms and biases away from what they are initialised to, matrices near unit gain.
            scale = 0.1 if parameter.ndim == 1 else 1.6 / parameter.shape[-1] ** 0.5
            parameter.copy_((parameter if parameter.ndim == 1 else 0) + noise * scale)
    model.save_pretrained(name)
    os.remove(f"{name}/generation_config.json")

    # Loaded anew: the conversion to 16 bits above has also rounded the table of frequencies.
    model = AutoModelForCausalLM.from_pretrained(
        name, dtype=torch.float32, attn_implementation="eager").eval()
    tokens = torch.randint(3, 96, (1, 40))
    with torch.inference_mode():
        logits = model(tokens).logits[0]
        loss = model(tokens, labels=tokens).loss
    golden = dict(
        source=f"transformers {transformers.__version__}, float32, eager attention",
        input_ids=tokens[0].tolist(),
        inverse_frequencies=model.model.rotary_emb.inv_freq.tolist(),
        mean_nll=loss.item(),
        argmax=logits.argmax(-1).tolist(),
        logits_pos7=logits[7].tolist(),
        logits_last=logits[-1].tolist(),
    )
    with open(f"{name}/golden.json", "w") as file:
        json.dump(golden, file, indent=1)
