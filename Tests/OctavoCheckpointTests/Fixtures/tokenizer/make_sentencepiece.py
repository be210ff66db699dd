"""Trains the small SentencePiece models of this folder and records what SentencePiece makes of texts.

    pip install sentencepiece==0.2.3 tokenizers==0.23.3 protobuf && python make_sentencepiece.py
"""

import io
import json
import random
import tempfile

import sentencepiece
from sentencepiece import sentencepiece_model_pb2

from make import CORPUS, HERE, SNIPPETS, texts

# Replacements of one scalar and of several, to nothing, to spaces, to two scalars.
RULES = {
    "\u00a0": " ", "\u3000": " ", "\t": " ", "\n": " ", "\u200b": "", "\u00bd": "1/2", "\ufb01": "fi", "e\u0301": "\u00e9",
    "\uff21": "A", "\u00b2": "2", "\u2026": "...", "\u0416": "zh", "ab": "AB", "\U0001f680": ":rocket:",
}


def train(**options):
    buffer = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS.splitlines()), model_writer=buffer, minloglevel=2, num_threads=1, **options
    )
    return buffer.getvalue()


def rules_file():
    file = tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="utf-8")
    for source, target in RULES.items():
        file.write(" ".join("%X" % ord(c) for c in source) + "\t" + " ".join("%X" % ord(c) for c in target) + "\n")
    file.flush()
    return file


def trained_with_rules(**options):
    with rules_file() as rules:
        bytes_ = train(normalization_rule_tsv=rules.name, **options)
    # Where the rules were is nobody's business.
    model = sentencepiece_model_pb2.ModelProto.FromString(bytes_)
    model.normalizer_spec.ClearField("normalization_rule_tsv")
    return model.SerializeToString()


def compiled_charsmap():
    bytes_ = trained_with_rules(vocab_size=300, model_type="unigram", hard_vocab_limit=False)
    return sentencepiece_model_pb2.ModelProto.FromString(bytes_).normalizer_spec.precompiled_charsmap


def models():
    symbols = ["<tool>", "\u2581\u2581", "zu", "zuz", "fi\u00e9"]
    yield "bpe", train(
        vocab_size=700, model_type="bpe", byte_fallback=True, normalization_rule_name="identity",
        remove_extra_whitespaces=False, user_defined_symbols=symbols, character_coverage=0.98,
    )
    yield "bpe-plain", train(
        vocab_size=380, model_type="bpe", normalization_rule_name="identity", add_dummy_prefix=False, character_coverage=0.98,
    )
    yield "bpe-rules", trained_with_rules(vocab_size=380, model_type="bpe", user_defined_symbols=symbols, control_symbols=["<ctl>"])
    yield "unigram", trained_with_rules(vocab_size=300, model_type="unigram", hard_vocab_limit=False, character_coverage=0.98)
    yield "unigram-bytes", train(
        vocab_size=520, model_type="unigram", byte_fallback=True, normalization_rule_name="identity", hard_vocab_limit=False,
        remove_extra_whitespaces=False, user_defined_symbols=symbols, treat_whitespace_as_suffix=True, character_coverage=0.98,
    )


def main():
    from make_components import HARD

    generator = random.Random(10)
    words = SNIPPETS + HARD + ["zu", "zuz", "<tool>", "\ufb01", "\u00bd", "ab", "\u2026", "<ctl>", "<s>", "<unk>", "  "]
    cases = texts() + HARD + ["".join(generator.choices(words, k=generator.randint(2, 7))) for _ in range(150)]
    folder = HERE / "sentencepiece"
    folder.mkdir(exist_ok=True)
    for name, bytes_ in models():
        (folder / (name + ".model")).write_bytes(bytes_)
        processor = sentencepiece.SentencePieceProcessor(model_proto=bytes_)
        with open(folder / (name + ".jsonl"), "w", encoding="ascii") as out:
            for text in cases:
                ids = processor.encode(text)
                out.write(json.dumps(dict(text=text, ids=ids, decoded=processor.decode(ids))) + "\n")
        print(name, processor.get_piece_size(), len(bytes_))


if __name__ == "__main__":
    main()
