"""Records what PyPI's `tokenizers` makes of every assigned scalar, by component: a digest of the bytes that are left.

    pip install tokenizers==0.23.3 && python make_unicode.py
"""

import hashlib
import json
import pathlib

from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).parent
CATEGORIES = "L Lu Ll Lt Lm Lo M Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp Han".split()
REGEXES = [r"\p{%s}" % c for c in CATEGORIES] + [
    r"\P{L}", r"[^\s\p{L}\p{N}]", r"\s", r"\S", r"\d", r"\D", ".", r"(?i:s|k|x)", "[a-z\u00e0-\u00ff]", r"[^\p{M}\n]", r"\|$",
]


def removing(regex):
    return dict(type="Split", pattern=dict(Regex=regex), behavior="Removed", invert=False)


def components():
    for name in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase"):
        yield "normalizer", dict(type=name)
    for regex in REGEXES:
        yield "pre_tokenizer", removing(regex)
    yield "pre_tokenizer", dict(type="Punctuation", behavior="Removed")
    yield "pre_tokenizer", dict(type="WhitespaceSplit")
    yield "pre_tokenizer", dict(type="Whitespace")


def tokenizer(kind, component):
    """A tokenizer whose tokens are bytes."""
    file = dict(version="1.0", truncation=None, padding=None, added_tokens=[], normalizer=None, pre_tokenizer=None)
    file |= dict(post_processor=None, decoder=None)
    vocabulary = {"<0x%02X>" % byte: byte for byte in range(256)}
    file["model"] = dict(type="BPE", vocab=vocabulary, merges=[], byte_fallback=True)
    return file | {kind: component}


def main():
    # All planes that have characters, with what is not assigned among them.
    values = [*range(0xD800), *range(0xE000, 0x33500), *range(0xE0000, 0xE0200)]
    scalars = [chr(value) for value in values]
    # Between bars nothing composes.
    chunks = ["|".join(scalars[start:start + 4096]) for start in range(0, len(scalars), 4096)]
    with open(HERE / "unicode.jsonl", "w", encoding="ascii") as out:
        for kind, component in components():
            made = Tokenizer.from_str(json.dumps(tokenizer(kind, component)))
            digest = hashlib.sha256()
            for chunk in chunks:
                digest.update(bytes(made.encode(chunk).ids))
            out.write(json.dumps({kind: component, "sha256": digest.hexdigest()}) + "\n")


if __name__ == "__main__":
    main()
