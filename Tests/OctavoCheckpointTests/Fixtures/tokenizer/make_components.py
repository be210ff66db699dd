"""Trains small tokenizers of the components that make.py leaves out, and records what the library makes of texts.

    pip install tokenizers==0.23.3 && python make_components.py
"""

import json
import pathlib
import random

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from make import CORPUS, HERE, SNIPPETS, added, byte_level, template, texts, trained, write

TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
GPT4O = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+" + CONTRACTION
    + r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*" + CONTRACTION
    + r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
DEEPSEEK = [
    r"\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
    r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"""
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
]
# Each behaviour, empty matches, look-behind, the ends of lines.
ODD_SPLITS = [
    (dict(Regex=r"\s+$"), "Isolated", False), (dict(Regex=r"(?=(\d{3})+(?!\d))"), "Isolated", False),
    (dict(Regex=r"(?<=[.!?])\s"), "MergedWithNext", False), (dict(String=","), "MergedWithPrevious", False),
    (dict(Regex=r"\p{Lu}\p{Ll}*+"), "Contiguous", False), (dict(Regex=r"[^\t]+?"), "Removed", True),
    (dict(String="e"), "MergedWithNext", False), (dict(Regex=r"\p{Han}"), "Contiguous", True),
]
HARD = [
    "\u1100\u1161\u11a8 \uac01 \u1112\u1161\u11ab\u1100\u1173\u11af", "a\u0323\u0307b \u0344 \u1e69 \u0929\u093c", "\u2126\u212b\ufb03\u3392\u00bd\uff21\uff76\uff9e",
    "\u01c5 \u0130I\u0131 \u1e9e\u00df \u03a3\u03a3 \U00010400", "\U0001f9d1\U0001f3fd\u200d\U0001f680 \U0001f3f4\U000e0067\U000e007f",
    "\U00011f02\U00011f00 \U0001e4ec\U0001e4ee \U00010ec2", "\U0001f468\u200d\U0001f469 n\u0303o", "a" * 300 + "\u00e9" + "b" * 300,
    "\u2581", "\u2581\u2581 \u2581a", " \u2581 b\u2581", "x\u2581y", "a.\nB! c?  D", "1234567 12345 x123456", "\u6f22\u5b57a\u3042\u30a2\u4e00\u4e8c",
    "CamelCaseWORDSandMore", "it'S THEY'LL x'Re", "a/\n/b", "\ufdd0\ufffe\U0001fffe", "\u202e\u2066x\u2069", "<0x41> <0x0A>", "\u0000\u0000", "\x1b[0m",
]


def sequence(kind, items):
    return dict(type="Sequence", **{kind: items})


def split(pattern, behavior="Isolated", invert=False):
    return dict(type="Split", pattern=pattern, behavior=behavior, invert=invert)


def replace(pattern, content):
    return dict(type="Replace", pattern=pattern, content=content)


SPACES = replace(dict(String=" "), "\u2581")
MARKS = replace(dict(String="\u2581"), " ")
STRIP = dict(type="Strip", content=" ", start=1, stop=0)


def metaspace(scheme, split):
    return dict(type="Metaspace", replacement="\u2581", prepend_scheme=scheme, split=split)


def scalars(byte_fallback, pre_tokenizer, unknown="<unk>"):
    """A tokenizer of scalars, as SentencePiece has them: special tokens, bytes, what the corpus teaches."""
    tokenizer = Tokenizer(models.BPE(unk_token=unknown, fuse_unk=True, byte_fallback=byte_fallback))
    tokenizer.pre_tokenizer = pre_tokenizer
    special = ["<unk>", "<bot>", "<eot>"] + ["<0x%02X>" % byte for byte in range(256) if byte_fallback]
    trainer = trainers.BpeTrainer(vocab_size=len(special) + 330, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(CORPUS.splitlines(keepends=True), trainer)
    file = json.loads(tokenizer.to_str())
    file["added_tokens"] = file["added_tokens"][:3]
    return file


def scalar_variants():
    bot = template("<bot>", "A")
    bot["special_tokens"]["<bot>"]["ids"] = [1]

    llama2 = scalars(True, pre_tokenizers.Metaspace(prepend_scheme="always"))
    llama2 |= dict(
        normalizer=sequence("normalizers", [dict(type="Prepend", prepend="\u2581"), SPACES]), pre_tokenizer=None,
        decoder=sequence("decoders", [MARKS, dict(type="ByteFallback"), dict(type="Fuse"), STRIP]), post_processor=bot,
    )
    end = len(llama2["model"]["vocab"])
    llama2["added_tokens"] += [added(end, "[tool]", special=False), added(end + 1, "word", normalized=True, special=False)]
    yield "llama2", llama2

    mistral = scalars(True, pre_tokenizers.Metaspace(prepend_scheme="first", split=False))
    mistral |= dict(
        pre_tokenizer=metaspace("first", False), post_processor=bot,
        decoder=sequence("decoders", [MARKS, dict(type="ByteFallback"), dict(type="Fuse"), STRIP]),
    )
    yield "mistral", mistral

    gemma = scalars(True, pre_tokenizers.Metaspace(prepend_scheme="never"))
    gemma |= dict(
        normalizer=SPACES, pre_tokenizer=split(dict(String=" "), "MergedWithPrevious"), post_processor=bot,
        decoder=sequence("decoders", [MARKS, dict(type="ByteFallback"), dict(type="Fuse")]),
    )
    end = len(gemma["model"]["vocab"])
    gemma["added_tokens"] += [
        added(end, "\u2581\u2581", special=False), added(end + 1, "\n\n", special=False),
        added(end + 2, "\u2581\u2581\u2581", special=False, normalized=True), added(end + 3, "<tool>"),
    ]
    yield "gemma", gemma

    # Words of letters without bytes to fall back to, and nothing put together at the end.
    words = scalars(False, pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation()]))
    words |= dict(
        normalizer=sequence("normalizers", [dict(type="NFKD"), dict(type="Lowercase"), dict(type="Strip", strip_left=True, strip_right=True)]),
        post_processor=dict(type="RobertaProcessing", sep=["<eot>", 2], cls=["<bot>", 1], trim_offsets=True, add_prefix_space=False),
        decoder=None,
    )
    words["model"]["fuse_unk"] = False
    # A letter, a pair and a byte without a token: what is unknown, or falls back, is told apart.
    words["model"]["vocab"]["<0xC5>"] = len(words["model"]["vocab"])
    words["model"]["byte_fallback"] = True
    yield "words", words

    odd = scalars(False, pre_tokenizers.Metaspace(prepend_scheme="never"), unknown=None)
    odd |= dict(
        normalizer=sequence("normalizers", [dict(type="NFKC"), replace(dict(Regex=r" {2,}"), "\u2581"), dict(type="NFD")]),
        pre_tokenizer=sequence("pretokenizers", [split(*item) for item in ODD_SPLITS] + [metaspace("always", True)]),
        decoder=metaspace("always", True),
    )
    odd["model"]["unk_token"] = None
    yield "odd", odd


def byte_variants():
    for name, patterns in (("tekken", [TEKKEN]), ("gpt4o", [GPT4O]), ("deepseek", DEEPSEEK)):
        file = trained()
        file["model"]["ignore_merges"] = name == "tekken"
        steps = [split(dict(Regex=pattern)) for pattern in patterns] + [byte_level(regex=False)]
        file["pre_tokenizer"] = sequence("pretokenizers", steps)
        yield name, file


def unigram_variants():
    for name, fallback in (("unigram", False), ("unigram-bytes", True)):
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
        special = ["<unk>", "<bot>", "<eot>"] + ["<0x%02X>" % byte for byte in range(256) if fallback]
        trainer = trainers.UnigramTrainer(
            vocab_size=len(special) + 250, special_tokens=special, unk_token="<unk>", show_progress=False
        )
        tokenizer.train_from_iterator(CORPUS.splitlines(), trainer)
        file = json.loads(tokenizer.to_str())
        file["added_tokens"] = file["added_tokens"][:3]
        file["model"]["byte_fallback"] = fallback
        # Twelve digits tell scores apart, and are the same on every machine.
        file["model"]["vocab"] = [[token, round(score, 12)] for token, score in file["model"]["vocab"]]
        steps = [dict(type="Precompiled", precompiled_charsmap=charsmap())] if fallback else [dict(type="NFKC")]
        file["normalizer"] = sequence("normalizers", steps + [replace(dict(Regex=" {2,}"), " ")])
        file["pre_tokenizer"] = metaspace("always", True)
        file["decoder"] = sequence("decoders", [dict(type="ByteFallback"), metaspace("always", True)])
        file["post_processor"] = template("A", "<eot>")
        file["post_processor"]["special_tokens"]["<eot>"]["ids"] = [2]
        yield name, file


def charsmap():
    """A table of a few replacements, in Base64, compiled by SentencePiece."""
    from make_sentencepiece import compiled_charsmap

    import base64
    return base64.b64encode(compiled_charsmap()).decode()


def main():
    generator = random.Random(9)
    more = ["".join(generator.choices(SNIPPETS + HARD, k=generator.randint(2, 7))) for _ in range(100)]
    for variants in (scalar_variants, byte_variants, unigram_variants):
        for name, file in variants():
            write(HERE / name, file, texts() + HARD + more)


if __name__ == "__main__":
    main()
