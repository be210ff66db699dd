"""Reads cards with what the hub's own tools read them with: `ModelCard.load`, its results, and PyYAML.

Needs `pip install huggingface_hub` (which brings PyYAML). Takes cards by path; for each the metadata must be what
PyYAML reads, must survive being written and read again, and its results must be those of its model-index. Where
HF_ENDPOINT names a hub, `ModelCard.validate` must pass there too, with HF_TOKEN. Prints one line a check and exits with 1 if one fails.
"""

import os
import pathlib
import re
import sys

os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import yaml
from huggingface_hub import ModelCard, get_session

failures = 0
if "HF_TOKEN" in os.environ:
    # `validate` sends no token by itself; octavo's hub checks cards for its members alone.
    get_session().headers["authorization"] = "Bearer " + os.environ["HF_TOKEN"]


def check(what, holds):
    global failures
    failures += not holds
    print(("ok    " if holds else "FAIL  ") + what, flush=True)


def plain(value):
    """Whether a value is made of nothing that YAML could have taken for something else; arguments may be anything."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and (key == "args" or plain(item)) for key, item in value.items())
    if isinstance(value, list):
        return all(plain(item) for item in value)
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


for path in sys.argv[1:]:
    name = pathlib.Path(path).name
    text = pathlib.Path(path).read_text(encoding="utf-8")
    card = ModelCard.load(path)
    block = re.search(r"^(\s*---[\r\n]+)([\S\s]*?)([\r\n]+---(\r\n|\n|$))", text)
    check(f"{name}: the hub's tools see the metadata", block is not None and card.text == text[block.end() :])
    raw = yaml.safe_load(block.group(2))
    check(f"{name}: every value is what it looks like", plain(raw))
    for key in ("license", "library_name", "pipeline_tag", "base_model", "tags", "language"):
        check(f"{name}: {key}", getattr(card.data, key, None) == raw.get(key))
    again = yaml.safe_load(ModelCard(text).data.to_yaml())
    check(f"{name}: written and read again", {k: v for k, v in again.items() if k != "model-index"} == {
        k: v for k, v in raw.items() if k != "model-index"
    })
    results = [
        (metric["type"], metric["value"])
        for model in raw.get("model-index", [])
        for result in model["results"]
        for metric in result["metrics"]
    ]
    read = [(result.metric_type, result.metric_value) for result in card.data.eval_results or []]
    check(f"{name}: {len(results)} results", sorted(read) == sorted(results))
    if "HF_ENDPOINT" in os.environ:
        try:
            card.validate()
            check(f"{name}: the hub validates it", True)
        except Exception as error:
            print(f"      {error}")
            check(f"{name}: the hub validates it", False)

sys.exit(1 if failures or len(sys.argv) < 2 else 0)
