"""Trains the small tokenizers of this folder and records what PyPI's `tokenizers` makes of texts.

    pip install tokenizers==0.23.3 && python make.py

Each variant is a folder with a tokenizer.json and a cases.jsonl: text, ids, ids_with_special, decoded.
"""

import copy
import json
import pathlib
import random

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

HERE = pathlib.Path(__file__).parent

# Our own words, enough of each script that some merges are learned in it.
CORPUS = """
An octavo is a sheet folded three times into eight leaves, ready for the press. The printer's boy said
that he'd fold them all, that they're ready, that it's done, and that we'll see; I'm sure you've seen
the press at work, and the sheets that weren't folded. In 1450 there were 2 presses, in 1500 more than
1000, and 240 years later 12345 books a day: 3.14 times what they had printed in 1999.
    for leaf in sheet.fold(3):
        press(leaf, ink="black")   # eight leaves, two sides
Une feuille pliée trois fois donne huit feuillets; l'été, la forêt était déjà à l'œuvre, très tôt.
Ein Bogen, dreimal gefaltet, für die Presse; größer, schöner, über allem Bücher aus Köln und Zürich.
Ąžuolas ėjo į mišką, o šalia jo žąsys šnekėjo apie knygų puslapius. Лист складывают трижды, и выходит
восемь листов; книга готова к печати. Το φύλλο διπλώνεται τρεις φορές. 紙を三回折ると八枚になる。印刷の準備。
""" * 3

TEXTS = [
    "", " ", "  ", "   ", "\n", "\n\n", "\r\n", "\r\n\r\n", "\t", "\t\n \n  x", " \n", "\n ", "a \n b", "a\n\n\n b",
    "x  y", "x   y", "x \t y", "trailing  ", "   leading", "a\u00a0b", "a\u00a0\u00a0b", "\u2003wide \u3000 spaces",
    "\u0085next\u2028line\u2029", "\u180e\u200b\ufeff not spaces", "\u001c\u001f separators", "\u000b\u000c feeds",
    "it's he'd we'll I'm you've they're don't", "IT'S HE'D WE'LL I'M YOU'VE THEY'RE DON'T", "'s 's''s 'S'x 'll'l 'L'lL",
    "'\u017f 's\u017f a'\u017fx", "' 'x 'é '1 '' '", "l'été l'Œuvre", "can't\n'tis",
    "0 1 12 123 1234 12345 123456", "3.14 1,000,000 1e-5 0x1F", "x1 1x 1 x", "a\u00b2 \u00bd\u00bc \u2167 \u0663\u0664 \u2460\u3250 \U0001d7d8", " 1  2   3",
    "octavo octavos Octavo OCTAVO", "the sheet that the press folded", "feuillets pliés déjà", "größer über Zürich",
    "Ąžuolas žąsys", "листов книга", "φύλλο τρεις", "紙を三回折る", "한국어 ภาษาไทย हिन्दी العربية",
    "e\u0301 \u00e9 \u1e9b\u0323 \ufb01 \u212b \u0041\u030a", "\uac00 \u1100\u1161", "a\u0300\u0301\u0302b",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1f1\U0001f1f9 \U0001f680!", "\u2705\ufe0f", "\ud7ff\ue000\ufffd\uffff", "\U0010ffff\U000f0000",
    "\u0000 \u0001\u007f", "\u0378\u0380", "\ua7ce\U00016ff4\U00011de0 younger than Unicode 16", "\u1c89\U000105c0 of Unicode 16", "\u0ce4 never assigned",
    "!!! ... ,;: ((()))", "a!b!c", "!a ?b", "=====\n-----\n", "  !  ?", "!\n\n?\r\n", "x=1;y=2 # c", "_a_b_ -c-",
    "<eot>", "a<eot>b", "<eot><eot>", "<bot>a<eot>", " <eot> ", "<eot", "<<eot>>", "<eot><eot2>", "<eot2><eot>", "<eo t>",
    "a [left] b", "a  [left]b", "\u3000[left]x[left]", "[right]  b", "a[right]\n\nb", "[right] [left] c", "[both]", "x  [both]  y [both]",
    "word", "a word b", "words", "sword", "word_", "(word)", "word word", "1word", "éword", "word\u0301", "word\u200d", "word\u203f", "\u24d0word", "\ua7ceword \u1c89word",
    "caf\u00e9!", "cafe\u0301!", "cafe!", "zulu", "zu", "zuz", "zuzu", "zuzuzuz", "é| 紙",
    "a" * 300, "ab" * 200, " " * 100, "\n" * 50, "the " * 60, "1" * 70, "\u00e9" * 40, "!?" * 33,
]

# Scalars and snippets that the patterns and added tokens treat apart, strung together at random.
SNIPPETS = [
    " ", "  ", "\n", "\r", "\t", "'", "'s", "'LL", "'\u017f", "a", "B", "the", "\u00e9", "e\u0301", "\u0436", "\u7d19", "1", "23", "\u00b2",
    "\u2167", "!", "?!", "_", "<eot>", "[left]", "[right]", "word", "caf\u00e9", "\u00a0", "\u3000", "\u200b", "\U0001f680", "\u0000", "\U0010ffff",
]


def added(identifier, content, **flags):
    token = dict(id=identifier, content=content, single_word=False, lstrip=False, rstrip=False, normalized=False)
    return token | dict(special=True) | flags


def byte_level(prefix=False, regex=True):
    return dict(type="ByteLevel", add_prefix_space=prefix, trim_offsets=True, use_regex=regex)


def split(regex):
    pattern = dict(type="Split", pattern=dict(Regex=regex), behavior="Isolated", invert=False)
    return dict(type="Sequence", pretokenizers=[pattern, byte_level(regex=False)])


LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")


def template(*parts):
    def item(part):
        name = "Sequence" if part in "AB" else "SpecialToken"
        return {name: dict(id=part, type_id=0)}

    ids = {"<bot>": 1, "<eot>": 0}
    tokens = {p: dict(id=p, ids=[ids[p]], tokens=[p]) for p in parts if p != "A"}
    return dict(
        type="TemplateProcessing", single=[item(p) for p in parts], pair=[item("A"), item("B")], special_tokens=tokens
    )


def trained():
    """A tokenizer of all bytes, two special tokens at the start, and what the corpus teaches."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=512, special_tokens=["<eot>", "<bot>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS.splitlines(keepends=True), trainer)
    file = json.loads(tokenizer.to_str())
    file["decoder"] = byte_level(prefix=True)
    return file


def variants(base):
    end = len(base["model"]["vocab"])

    gpt2 = copy.deepcopy(base)
    # The spelling of merges in files of old.
    gpt2["model"]["merges"] = ["#version: 0.2"] + [" ".join(pair) for pair in base["model"]["merges"]]
    yield "gpt2", gpt2

    llama3 = copy.deepcopy(base)
    llama3["pre_tokenizer"] = split(LLAMA3)
    llama3["model"]["ignore_merges"] = True
    # A word that is a token, but that the merges never arrive at.
    llama3["model"]["vocab"]["\u0120octavos"] = end
    llama3["added_tokens"] += [added(end + 1, "<eot2>"), added(end + 2, "<eot><eot2>", special=False)]
    bytes_only = dict(type="ByteLevel", add_prefix_space=True, trim_offsets=False, use_regex=True)
    llama3["post_processor"] = dict(type="Sequence", processors=[bytes_only, template("<bot>", "A")])
    yield "llama3", llama3

    smollm = copy.deepcopy(base)
    digits = dict(type="Digits", individual_digits=True)
    smollm["pre_tokenizer"] = dict(type="Sequence", pretokenizers=[digits, byte_level()])
    smollm["post_processor"] = template("<bot>", "A", "<eot>")
    # Bytes without a token disappear where there is no unknown token.
    removed = {"\u0100", "\u0101", "\u00f4", "\u00f0"}
    model = smollm["model"]
    model["vocab"] = {t: i for t, i in model["vocab"].items() if not set(t) & removed}
    model["merges"] = [pair for pair in model["merges"] if not set("".join(pair)) & removed]
    yield "smollm", smollm

    qwen2 = copy.deepcopy(base)
    qwen2["normalizer"] = dict(type="NFC")
    qwen2["pre_tokenizer"] = split(QWEN2)
    qwen2["added_tokens"] += [
        added(end, "[left]", lstrip=True),
        added(end + 1, "[right]", rstrip=True, special=False),
        added(end + 2, "[both]", lstrip=True, rstrip=True),
        added(end + 3, "word", single_word=True, special=False),
        added(end + 4, "cafe\u0301", normalized=True, special=False),
        added(end + 5, "zu", special=False),
        added(end + 6, "zuz", special=False),
        added(end + 7, "\u00e9|", special=False),
        added(end + 8, "\u7d19", special=False),
    ]
    yield "qwen2", qwen2

    prefix = copy.deepcopy(smollm)
    groups = dict(type="Digits", individual_digits=False)
    prefix["pre_tokenizer"] = dict(type="Sequence", pretokenizers=[groups, byte_level(prefix=True)])
    prefix["model"]["unk_token"] = "<eot>"
    prefix["model"]["fuse_unk"] = True
    yield "prefix", prefix


def texts():
    generator = random.Random(8)
    return TEXTS + ["".join(generator.choices(SNIPPETS, k=generator.randint(2, 9))) for _ in range(120)]


def write(folder, file, texts):
    """Writes a tokenizer and what the library makes of texts with it."""
    folder.mkdir(exist_ok=True)
    text = json.dumps(file, ensure_ascii=False, indent=1) + "\n"
    (folder / "tokenizer.json").write_text(text, encoding="utf-8")
    tokenizer = Tokenizer.from_str(json.dumps(file))
    with open(folder / "cases.jsonl", "w", encoding="ascii") as out:
        for text in texts:
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            case = dict(
                text=text, ids=ids, ids_with_special=tokenizer.encode(text).ids,
                decoded=tokenizer.decode(ids, skip_special_tokens=False),
                readable=tokenizer.decode(ids, skip_special_tokens=True),
            )
            out.write(json.dumps(case) + "\n")
    print(folder.name, tokenizer.get_vocab_size(), len(texts))


def main():
    for name, file in variants(trained()):
        write(HERE / name, file, texts())


if __name__ == "__main__":
    main()
