#!/usr/bin/env bash
# Builds a fuzzer for every reader and runs them one after another, FUZZ_SECONDS each (600 unless given).
# Arguments name the ones to run; without any, all do. Inputs that grow the coverage are kept between
# runs; an input that crashed, hung or took more than 1 GB is left in the findings, and ends the run.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${FUZZ_SECONDS:-600}
build=$PWD/../.build-fuzz
readers=("$@")
[ ${#readers[@]} -gt 0 ] || readers=(Safetensors PyTorch Pickle GGUF TokenizerJSON SentencePiece JSONText Config Container GGUFWriting)

swift build -c release --sanitize=fuzzer --scratch-path "$build"
# What the readers are to read of our own making is made by the binary.
swift build -c release --package-path .. --product octavo
./seeds.py "$build/seeds" "$(swift build -c release --package-path .. --show-bin-path)/octavo"
mkdir -p "$build/findings"
read -ra libraries < <(pkg-config --libs libcrypto openblas libpcre2-8 libzstd)
trap 'rm -rf /dev/shm/octavo-fuzz.*' EXIT

for reader in "${readers[@]}"; do
    echo "$reader, $seconds seconds"
    fuzzer=$build/fuzz-$reader
    swiftc -sanitize=fuzzer "$build/release/libFuzz$reader.a" "${libraries[@]}" -o "$fuzzer"
    mkdir -p "$build/corpus/$reader"
    log=$build/$reader.log
    "$fuzzer" -max_total_time="$seconds" -rss_limit_mb=1024 -timeout=60 -max_len=65536 -print_final_stats=1 \
        -artifact_prefix="$build/findings/$reader-" "$build/corpus/$reader" "$build/seeds/$reader" \
        >"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        echo "$reader failed; the input is in $build/findings" >&2
        exit 1
    }
    grep -E '^Done|stat::(average|peak)' "$log"
done
