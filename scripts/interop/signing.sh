#!/usr/bin/env bash
# Lets PyPI's `model-signing` and Octavo check each other's signatures, and openssl and Octavo use each other's keys.
# Installs the first in .venv-signing; with --install that is all it does.
set -euo pipefail
cd "$(dirname "$0")/../.."

# The stamp is written last: a failed installation is begun again. The package forgets to ask for pyOpenSSL.
if ! [ -f .venv-signing/installed ]; then
    python3 -m venv --clear .venv-signing
    .venv-signing/bin/pip install --quiet model-signing==1.1.1 pyOpenSSL
    touch .venv-signing/installed
fi
[ "${1:-}" != --install ] || exit 0
octavo=$(realpath "${1:-.build/release/octavo}")
tool=$PWD/.venv-signing/bin/model_signing

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
failures=0
check() { # WHAT EXPECTED-STATUS COMMAND...
    local what=$1 expected=$2 status=0
    shift 2
    "$@" >said 2>&1 || status=$?
    # The Python tool has one status for whatever does not hold.
    if [ "$status" = "$expected" ]; then echo "ok    $what"; else
        echo "FAIL  $what: status $status, expected $expected"
        cat said
        failures=$((failures + 1))
    fi
}

mkdir -p model/a
printf '{}' >model/config.json
printf 'weights' >model/a/weights.bin
printf 'text' >model/a.txt
printf '[]' >model/naïve.json
printf '# A card\n' >model/README.md
echo "an octavo" >passphrase

for curve in P-256 P-384 P-521; do
    rm -f ./*.pem model/model.sig
    openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$curve" -out theirs.pem 2>/dev/null
    openssl pkey -in theirs.pem -pubout -out theirs.pub.pem
    "$octavo" key create ours.pem --curve "$curve" --encrypted --passphrase-file passphrase >/dev/null
    check "$curve: openssl reads octavo's key" 0 openssl pkey -in ours.pem -passin file:passphrase -noout
    fingerprint=$("$octavo" key show ours.pub.pem --json | sed -n 's/.*"fingerprint": "\(.*\)".*/\1/p')
    check "$curve: both know it by one fingerprint" 0 \
        test "$fingerprint" = "$(openssl pkey -in ours.pem -passin file:passphrase -pubout | sha256sum | cut -d ' ' -f 1)"

    for ignored in "" README.md; do
        of="$curve${ignored:+ without $ignored}"
        rm -f model/model.sig
        check "$of: octavo signs" 0 \
            "$octavo" sign model --key ours.pem --passphrase-file passphrase ${ignored:+--ignore "$ignored"}
        check "$of: model_signing accepts octavo's" 0 \
            "$tool" verify key model --public_key ours.pub.pem --signature model/model.sig
        check "$of: model_signing refuses it for another key" 1 \
            "$tool" verify key model --public_key theirs.pub.pem --signature model/model.sig
        mkdir -p model/.cache/huggingface && touch model/.cache/huggingface/x model/.gitattributes
        check "$of: model_signing leaves out what hubs write" 0 \
            "$tool" verify key model --public_key ours.pub.pem --signature model/model.sig
        rm -r model/.cache model/.gitattributes
        printf 'weighty' >model/a/weights.bin
        check "$of: model_signing finds a changed file" 1 \
            "$tool" verify key model --public_key ours.pub.pem --signature model/model.sig
        printf 'weights' >model/a/weights.bin

        rm model/model.sig
        "$tool" sign key model --private_key theirs.pem --signature model/model.sig \
            ${ignored:+--ignore-paths "model/$ignored"} >/dev/null 2>&1
        check "$of: octavo accepts model_signing's" 0 \
            "$octavo" verify model --level origin --key theirs.pub.pem
        check "$of: octavo refuses it for another key" 12 \
            "$octavo" verify model --level origin --key ours.pub.pem
        printf 'weighty' >model/a/weights.bin
        check "$of: octavo finds a changed file" 12 \
            "$octavo" verify model --level origin --key theirs.pub.pem
        printf 'weights' >model/a/weights.bin
    done
done
[ "$failures" = 0 ] || exit 1
echo "signatures hold"
