#!/usr/bin/env bash
# Pushes and pulls through `octavo hub serve` and prints throughput as a ratio to PyPI's huggingface_hub on the same server
# in the same run, memory on both ends, and what many clients at once get.
#
#   SIZE_MB   how much is pushed and pulled (default: 2048)
#   CLIENTS   how many clients at once (default: 50), and
#   SECONDS_  for how long (default: 60)
#   PYTHON    a Python with huggingface_hub (default: .venv-hub, made by `make interop-hub`)
#   FOLDER    where everything is made (default: a temporary folder)
#   OCTAVO    the binary (default: .build/release/octavo)
#
# The large model is four files of noise. Octavo and Python take turns, three times each; the fastest counts. Python
# checks lengths, Octavo digests too, while it pulls and after it has pushed. A client of the many pulls files, compares
# every byte, and commits a new one each now and then, to a repository of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
export OCTAVO=${OCTAVO:-$PWD/.build/release/octavo} PYTHON=${PYTHON:-$PWD/.venv-hub/bin/python}
work=$(mktemp -d ${FOLDER:+-p "$FOLDER"})
trap 'rm -rf "$work"' EXIT

python3 - "$work" "${SIZE_MB:-2048}" "${CLIENTS:-50}" "${SECONDS_:-60}" <<'PY'
import concurrent.futures, json, os, pathlib, random, shutil, subprocess, sys, time, urllib.request

work, megabytes, clients, seconds = pathlib.Path(sys.argv[1]), *map(int, sys.argv[2:])
octavo, python = os.environ["OCTAVO"], os.environ["PYTHON"]
has_python = subprocess.run([python, "-c", "import huggingface_hub"], capture_output=True).returncode == 0 if os.path.exists(python) else False

def line(what, value, unit, bound, holds):
    print(f"{what:44}{value:>10.2f} {unit:10}{bound:>9}  {'yes' if holds else 'NO'}", flush=True)

def timed(command, **environment):
    """Wall seconds and the most memory in MB."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, **environment})
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command}: {said.decode()[-2000:]}")
    return time.monotonic() - start, usage.ru_maxrss / 1024

def peak(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(l for l in text.splitlines() if l.startswith("VmHWM")).split()[1]) / 1024

token = subprocess.run([octavo, "hub", "token", "create", "--root", work / "hub", "--user", "me", "--role", "write"], capture_output=True, text=True, check=True).stdout.strip()
server = subprocess.Popen([octavo, "hub", "serve", "--root", work / "hub", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
try:
    endpoint = server.stdout.readline().strip()
    os.environ.update(HF_ENDPOINT=endpoint, HF_TOKEN=token, HF_HOME=str(work / "home"), HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_PROGRESS_BARS="1", HF_HUB_DISABLE_TELEMETRY="1")
    model = work / "model"
    model.mkdir()
    chunk = megabytes * (1 << 20) // 4

    def fresh():
        """New contents, so that nothing is there already."""
        for index in range(4):
            with open(model / f"model-{index}.safetensors", "wb") as file:
                left = chunk
                while left:
                    left -= file.write(os.urandom(min(left, 1 << 24)))

    upload = "from huggingface_hub import HfApi; import sys; a = HfApi(); a.create_repo(sys.argv[2], exist_ok=True); a.upload_folder(repo_id=sys.argv[2], folder_path=sys.argv[1])"
    download = "from huggingface_hub import snapshot_download; import sys; snapshot_download(sys.argv[2], local_dir=sys.argv[1])"
    found = {}
    for turn in range(3):
        for who, push, pull in [
            ("octavo", [octavo, "push", model, "me/octavo"], [octavo, "pull", "me/octavo", work / "copy"]),
            ("python", [python, "-c", upload, model, "me/python"], [python, "-c", download, work / "copy", "me/python"]),
        ]:
            if who == "python" and not has_python:
                continue
            fresh()
            for what, command in [("push", push), ("pull", pull)]:
                shutil.rmtree(work / "copy", ignore_errors=True)
                took, memory = timed(command)
                best = found.get((who, what), (1e9, 0))
                found[who, what] = (min(best[0], took), max(best[1], memory))
            for sub in ["objects", "repositories"]:
                for folder in (work / "hub" / sub).glob("*"):
                    shutil.rmtree(folder)
    print(f"{'':44}{'':10} {'':10}{'asked':>9}  holds")
    for what in ["push", "pull"]:
        took, memory = found["octavo", what]
        rate = megabytes / took
        if ("python", what) in found:
            other = megabytes / found["python", what][0]
            line(f"{what}: rate / huggingface_hub's", rate / other, f"({rate:.0f} MB/s)", ">= 1", rate >= other)
        else:
            print(f"{what}: {rate:.0f} MB/s; huggingface_hub: not measured, {python} has none")
        line(f"{what}: memory of octavo", memory, "MB", "<= 200", memory <= 200)
    line("memory of the hub so far", peak(server.pid), "MB", "<= 200", peak(server.pid) <= 200)

    small = work / "small"
    small.mkdir()
    for index in range(1000):
        (small / f"{index}.txt").write_text(f"file {index}\n")
    report = json.loads(subprocess.run([octavo, "push", small, "me/small", "--json"], capture_output=True, check=True).stdout)
    line("1000 small files: commits", report["commits"], "", "<= 5", report["commits"] <= 5)

    # Many clients: each its own repository, files of several sizes.
    def request(method, path, body=None, kind="application/json"):
        headers = {"Authorization": f"Bearer {token}", **({"Content-Type": kind} if body else {})}
        with urllib.request.urlopen(urllib.request.Request(endpoint + path, body, headers, method=method), timeout=600) as reply:
            return reply.read()

    def client(number, until):
        done = {"read": 0, "bytes": 0, "commits": 0}
        rng = random.Random(number)
        files = {f"{i}.txt": rng.randbytes(rng.choice([10, 3000, 200_000])) for i in range(5)}
        folder = work / f"client-{number}"
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        (folder / "w.safetensors").write_bytes(big)
        subprocess.run([octavo, "push", folder, f"me/client-{number}"], capture_output=True, check=True)
        files["w.safetensors"] = big
        while time.monotonic() < until:
            name = rng.choice(list(files))
            got = fetch(f"/me/client-{number}/resolve/main/{name}")
            if got != files[name]:
                raise AssertionError(f"client {number}: {name} has wrong bytes")
            done["read"] += 1
            done["bytes"] += len(got)
            if rng.random() < 0.05:
                name, data = f"new-{done['commits']}.txt", rng.randbytes(500).hex()
                lines = [{"key": "header", "value": {"summary": "New", "description": ""}}, {"key": "file", "value": {"path": name, "content": data, "encoding": "utf-8"}}]
                request("POST", f"/api/models/me/client-{number}/commit/main", "".join(json.dumps(l) + "\n" for l in lines).encode(), "application/x-ndjson")
                files[name] = data.encode()
                done["commits"] += 1
        return done

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    opener = urllib.request.build_opener(NoRedirect)

    def fetch(path):
        try:
            with opener.open(urllib.request.Request(endpoint + path, headers={"Authorization": f"Bearer {token}"}), timeout=600) as reply:
                return reply.read()
        except urllib.error.HTTPError as error:
            if error.code != 302:
                raise
            with opener.open(error.headers["Location"], timeout=600) as reply:
                return reply.read()

    big = os.urandom(2_000_000)
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        until = time.monotonic() + seconds
        running = [pool.submit(client, number, until) for number in range(clients)]
        results = [r.exception() or r.result() for r in running]
    errors = [r for r in results if isinstance(r, BaseException)]
    for error in errors[:5]:
        print(f"  {type(error).__name__}: {error}")
    good = [r for r in results if not isinstance(r, BaseException)]
    print(f"{clients} clients for {seconds} s: {sum(r['read'] for r in good)} files of {sum(r['bytes'] for r in good) / 1e6:.0f} MB read and compared, {sum(r['commits'] for r in good)} commits")
    line("clients with an error or a wrong byte", len(errors), "", "0", not errors)
    line("memory of the hub", peak(server.pid), "MB", "<= 200", peak(server.pid) <= 200)
finally:
    server.terminate()
    server.wait()
PY
