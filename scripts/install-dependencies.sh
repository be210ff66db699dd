#!/usr/bin/env bash
# Installs the system libraries that Octavo builds on, where apt is at hand and some are missing.
# `--demo` also asks for pip, which fetches the demo's model; `--interop` for Python's venv and git-lfs; `--browser`
# for the browser in which the tests look at a report (124 MB to fetch, 414 MB on disk), and for the proxy
# that they put in front of a hub; `--slurm` for the scheduler that they submit to.
set -euo pipefail

packages=(libcurl4-openssl-dev libzstd-dev libopenblas-dev libpcre2-dev libssl-dev pkg-config)
if [ "${1:-}" = --demo ] && ! python3 -m pip --version >/dev/null 2>&1; then
    packages+=(python3-pip)
fi
if [ "${1:-}" = --interop ] && ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    packages+=(python3-venv)
fi
if [ "${1:-}" = --interop ] && ! command -v git-lfs >/dev/null; then
    packages+=(git-lfs)
fi
if [ "${1:-}" = --slurm ]; then
    packages+=(slurm-wlm munge make)
fi
if [ "${1:-}" = --browser ] && ! command -v chromium >/dev/null; then
    packages+=(chromium fonts-dejavu-core)
fi
if [ "${1:-}" = --browser ] && ! PATH=$PATH:/usr/sbin command -v nginx >/dev/null; then
    packages+=(nginx-light)
fi

command -v swift >/dev/null || {
    echo "error: no Swift found; Octavo needs Swift 6.2 or later (swift.org/install)" >&2
    exit 1
}

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

command -v apt-get >/dev/null || {
    echo "error: please install what corresponds to: ${missing[*]}" >&2
    exit 1
}
echo "installing ${missing[*]}" >&2
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
"${as_root[@]}" apt-get update -qq
# With run level 1 no service of a package is started.
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
