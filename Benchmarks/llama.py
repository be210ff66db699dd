"""Times PyPI's llama-cpp-python on a GGUF file as `octavo benchmark inference` times a model.

    python3 llama.py MODEL.gguf THREADS
"""

import random
import sys
import time

from llama_cpp import Llama

PROMPT, ADDED, RUNS = 512, 64, 3


def rate(tokens, times):
    return tokens / sorted(times)[len(times) // 2]


def main():
    threads = int(sys.argv[2])
    model = Llama(sys.argv[1], n_threads=threads, n_threads_batch=threads, n_ctx=PROMPT + ADDED, n_batch=PROMPT,
                  verbose=False)
    random.seed(0)
    prompt = [random.randrange(model.n_vocab()) for _ in range(PROMPT)]
    reading, writing = [], []
    # The first run is not counted.
    for run in range(RUNS + 1):
        model.reset()
        begun = time.perf_counter()
        model.eval(prompt)
        read = time.perf_counter()
        for _ in range(ADDED):
            model.eval([model.sample(temp=0.0, repeat_penalty=1.0)])
        written = time.perf_counter()
        if run:
            reading.append(read - begun)
            writing.append(written - read)
    print(f"llama.cpp   reads {rate(PROMPT, reading):.1f} and writes {rate(ADDED, writing):.1f} tokens a second, "
          f"{threads} threads")


main()
