"""Records what transformers makes of conversations with the tokenizers of golden/tokenizers/hf, and which tokens are answers.

    pip install transformers==5.23.0 jinja2==3.1.6 && python make_golden.py path/of/golden/tokenizers/hf

An answer's tokens are found by its place in the rendered text: from the token that holds its first character, as in
transformers' masks of assistant tokens, to the one that ends the turn.
"""

import json
import pathlib
import sys

from tokenizers import Tokenizer
from transformers.utils.chat_template_utils import _compile_jinja_template

HERE = pathlib.Path(__file__).parent
ENDS = {"smollm2": "<|im_end|>", "phi-3": "<|end|>"}


def say(*contents, system=None):
    messages = [dict(role="system", content=system)] if system else []
    return messages + [dict(role=("user", "assistant")[i % 2], content=text) for i, text in enumerate(contents)]


CONVERSATIONS = [
    say("How often is an octavo folded?", "Three times: eight leaves."),
    say("Größe?", "12345 mm, 紙も。", "And then?", "  It is sewn.\nAll of it.\n", system="Be brief."),
    say("Hi", "Hi", "Hi", "Hi there's more", "x", "1"),
]


def main(folder):
    results = []
    for path in sorted(pathlib.Path(folder).iterdir()):
        tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
        config = json.loads((path / "tokenizer_config.json").read_text())
        template = _compile_jinja_template((path / "chat_template.jinja").read_text())
        special = {key: config.get(key) for key in ("bos_token", "eos_token")}
        special = {key: value["content"] if isinstance(value, dict) else value for key, value in special.items()}
        for messages in CONVERSATIONS:
            text = template.render(messages=messages, tools=None, documents=None, add_generation_prompt=False,
                                   **{key: value for key, value in special.items() if value})
            encoding = tokenizer.encode(text, add_special_tokens=False)
            learned, at = [], 0
            for message in messages:
                if message["role"] == "system":
                    continue  # phi-3 has no place for it
                start = text.index(message["content"], at)
                at = end = text.index(ENDS[path.name], start) + len(ENDS[path.name])
                if message["role"] == "assistant":
                    learned += [i for i, (a, b) in enumerate(encoding.offsets) if start < b <= end]
            results.append(dict(tokenizer=path.name, messages=messages, ids=encoding.ids, learned=learned))
    (HERE / "golden.json").write_text(json.dumps(results) + "\n")


main(sys.argv[1])
