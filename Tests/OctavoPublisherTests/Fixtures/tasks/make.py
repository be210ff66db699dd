"""Makes the fixtures of multiple-choice tasks: a tiny Llama with a tokenizer that has merges, questions, and what
lm-eval makes of both in float32.

    pip install torch transformers tokenizers lm_eval accelerate
    python make.py

Made with torch 2.15, transformers 5.24 and lm_eval 0.4.13.
"""

import json
import pathlib

import torch
import transformers
from lm_eval.api.instance import Instance
from lm_eval.api.metrics import mean_stderr
from lm_eval.models.huggingface import HFLM
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

here = pathlib.Path(__file__).parent
folder = here / "model"

# Text of our own, so that there are merges to cross a boundary with.
text = """The sea is wide and the sky is blue. A ship sails over the sea to the far side of the world.
Two and two are four; three and three are six. The cat sat on the mat, and the dog ran after the cat.
unable undo unfold untie: the able sailor folds the sail and ties the rope. Water is wet, fire is hot, ice is cold.
"""

questions = [
    {"query": "The sea is", "choices": ["wide", "hot", "a cat on the mat"], "gold": 0},
    {"query": "Two and two are ", "choices": ["three", "four"], "gold": 1},
    {"query": "A ship sails over the", "choices": [" sea", " sky is blue and the world is wide"], "gold": 0},
    {"query": "The dog ran after the", "choices": ["cat.", "cat. The cat sat on the mat", "ship"], "gold": 0},
    {"query": "Water is", "choices": ["wet", "cold", "hot", "four"], "gold": 0},
    {"query": "", "choices": ["The sea", "fire is hot, ice is cold"], "gold": 1},
    {"query": "Question: what is ice?\nAnswer:", "choices": ["cold", "wide — and blue"], "gold": 0},
    {"query": "three and three are\t", "choices": ["six", "six; two and two"], "gold": 0},
]


def make_model():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=340,
        special_tokens=["<bos>", "<eos>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([text], trainer)
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<bos>", eos_token="<eos>")
    fast.save_pretrained(folder)
    torch.manual_seed(8)
    config = transformers.LlamaConfig(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=tokenizer.get_vocab_size(),
        max_position_embeddings=64,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=1,
        initializer_range=0.3,
    )
    transformers.LlamaForCausalLM(config).to(torch.float32).save_pretrained(folder)


def delimited(question, choice):
    # lm-eval's target_delimiter, left out where white space is there already.
    query = question["query"]
    needs = query != "" and not query[-1:].isspace() and not choice[:1].isspace()
    return query, (" " if needs else "") + choice


def main():
    make_model()
    lm = HFLM(pretrained=str(folder), dtype="float32", device="cpu", batch_size=1, max_length=64)
    requests = [
        Instance("loglikelihood", {}, delimited(question, choice), 0) for question in questions for choice in question["choices"]
    ]
    answers = lm.loglikelihood(requests, disable_tqdm=True)
    plain, normalized, rows, at = [], [], [], 0
    for question in questions:
        part = answers[at : at + len(question["choices"])]
        at += len(part)
        scores = [score for score, _ in part]
        rates = [score / len(choice) for score, choice in zip(scores, question["choices"])]
        plain.append(float(scores.index(max(scores)) == question["gold"]))
        normalized.append(float(rates.index(max(rates)) == question["gold"]))
        rows.append({"logarithms": scores, "greedy": [bool(greedy) for _, greedy in part]})
    golden = {
        "made_with": f"lm_eval, transformers {transformers.__version__}, torch {torch.__version__}, float32",
        "questions": rows,
        "acc": sum(plain) / len(plain),
        "acc_stderr": mean_stderr(plain),
        "acc_norm": sum(normalized) / len(normalized),
        "acc_norm_stderr": mean_stderr(normalized),
    }
    (here / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")
    (here / "sea.jsonl").write_text("".join(json.dumps(question, ensure_ascii=False) + "\n" for question in questions))


main()
