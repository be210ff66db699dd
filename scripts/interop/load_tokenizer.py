"""Loads a model's tokenizer with transformers and with tokenizers, and encodes and decodes with both.

usage: load_tokenizer.py MODEL
"""

import sys

from tokenizers import Tokenizer
from transformers import AutoTokenizer

folder = sys.argv[1]
fast = Tokenizer.from_file(folder + "/tokenizer.json")
auto = AutoTokenizer.from_pretrained(folder)
for text in ["Hello, world!", "  two  spaces\n\nand 12345 digits", "naïve café 日本語 🦊", "I'll we've DON'T"]:
    ids = fast.encode(text, add_special_tokens=False).ids
    assert ids == auto(text, add_special_tokens=False).input_ids, text
    assert fast.decode(ids) == text, text
if auto.chat_template:
    prompt = auto.apply_chat_template([{"role": "user", "content": "Hi"}], tokenize=False)
    assert "Hi" in prompt
print(f"{auto.__class__.__name__} with {len(auto)} tokens; chat template: {bool(auto.chat_template)}")
