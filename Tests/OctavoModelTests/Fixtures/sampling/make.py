"""Records which tokens sampling rules keep, and how likely each is then.

    pip install numpy==2.4.6 && python make.py

The filters are written here after the definitions in transformers' generation/logits_process.py, in float64: repetition
penalty, temperature, top-k, top-p, min-p, in this order. Logits are multiples of 1/64 that all differ, so that no
filter has to choose between equals; `ties` has equal ones, where that makes no difference.
"""

import json
import pathlib

import numpy as np


def softmax(scores):
    weights = np.exp(scores - scores.max())
    return weights / weights.sum()


def repetition_penalty(scores, text, penalty):
    for token in set(text):
        scores[token] = scores[token] * penalty if scores[token] < 0 else scores[token] / penalty
    return scores


def top_k(scores, k):
    k = min(k, len(scores))
    return np.where(scores < np.sort(scores)[-k], -np.inf, scores)


def top_p(scores, p):
    order = np.argsort(scores, kind="stable")
    remove = np.cumsum(softmax(scores[order])) <= 1 - p
    remove[-1] = False
    scores = scores.copy()
    scores[order[remove]] = -np.inf
    return scores


def min_p(scores, p):
    probabilities = softmax(scores)
    return np.where(probabilities < p * probabilities.max(), -np.inf, scores)


def filtered(logits, text, rule):
    scores = np.array(logits, dtype=np.float64)
    if "repetition_penalty" in rule:
        scores = repetition_penalty(scores, text[-rule.get("repetition_window", len(text)):], rule["repetition_penalty"])
    scores = scores / rule["temperature"]
    if "top_k" in rule:
        scores = top_k(scores, rule["top_k"])
    if "top_p" in rule:
        scores = top_p(scores, rule["top_p"])
    if "min_p" in rule:
        scores = min_p(scores, rule["min_p"])
    return scores


RULES = [
    dict(temperature=1.0), dict(temperature=0.7), dict(temperature=2.5), dict(temperature=0.01),
    dict(temperature=1.0, top_k=1), dict(temperature=1.0, top_k=5), dict(temperature=0.5, top_k=1000),
    dict(temperature=1.0, top_k=300),
    dict(temperature=1.0, top_p=0.9), dict(temperature=1.0, top_p=0.05), dict(temperature=3.0, top_p=0.999),
    dict(temperature=1.0, top_p=0.000001),
    dict(temperature=1.0, min_p=0.1), dict(temperature=0.3, min_p=0.01), dict(temperature=1.0, min_p=1.0),
    dict(temperature=1.0, repetition_penalty=1.3), dict(temperature=1.0, repetition_penalty=0.8),
    dict(temperature=1.0, repetition_penalty=5.0, repetition_window=2),
    dict(temperature=1.0, repetition_penalty=2.0, repetition_window=500),
    dict(temperature=0.8, top_k=20, top_p=0.8, min_p=0.05, repetition_penalty=1.2, repetition_window=8),
    dict(temperature=1.5, top_k=7, top_p=0.7), dict(temperature=1.2, top_p=0.85, min_p=0.2),
]


def main():
    generator = np.random.default_rng(1)
    rows = {}
    for name, count, spread in (("narrow", 24, 2), ("wide", 320, 4)):
        rows[name] = (generator.permutation(count * 3)[:count] / 64 * spread - 1.5 * count / 64 * spread).tolist()
    rows["ties"] = [1.0, 3.0, 3.0, -2.0, 3.0, 1.0, 0.0]
    cases = []
    for name, logits in rows.items():
        for rule in RULES:
            if name == "ties" and ("top_p" in rule or "repetition_penalty" in rule):
                continue
            text = generator.integers(0, len(logits), 12).tolist()
            scores = filtered(logits, text, rule)
            kept = np.flatnonzero(np.isfinite(scores))
            found = softmax(scores)[kept].round(9).tolist()
            # Null stands for all.
            kept = kept.tolist() if len(kept) < len(logits) else None
            cases.append(dict(logits=name, text=text, rule=rule, kept=kept, probabilities=found))
    path = pathlib.Path(__file__).parent / "filters.json"
    path.write_text(json.dumps(dict(logits=rows, cases=cases)) + "\n")


main()
