"""Lets Octavo, the stock Python client and git-lfs use one hub and one cache, each reading what the other wrote.

Needs `pip install huggingface_hub`, git-lfs, and in the environment HF_ENDPOINT (the hub), HF_TOKEN (a token that may
write) and OCTAVO (the binary). Prints one line a check and exits with 1 if one fails.
"""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

scratch = pathlib.Path(tempfile.mkdtemp())
os.environ["HF_HUB_CACHE"] = str(scratch / "cache")
os.environ["HF_HUB_DISABLE_XET"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

from huggingface_hub import CommitOperationAdd, HfApi, scan_cache_dir, snapshot_download

octavo, endpoint, token = os.environ["OCTAVO"], os.environ["HF_ENDPOINT"], os.environ["HF_TOKEN"]
failures = 0


def check(what, holds, said=""):
    global failures
    failures += not holds
    print(("ok    " if holds else "FAIL  ") + what + ("" if holds else f"  {said}"), flush=True)


def run(*arguments, **options):
    return subprocess.run(arguments, capture_output=True, text=True, **options)


def octavo_json(*arguments):
    done = run(octavo, *arguments, "--json")
    if done.returncode:
        check(" ".join(arguments), False, done.stderr)
        return {}
    return json.loads(done.stdout)


def contents(folder):
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in pathlib.Path(folder).rglob("*")
        if p.is_file() and ".cache" not in p.parts and p.name != ".gitattributes"
    }


def noise(seed, count):
    block, all = seed.encode(), bytearray()
    while len(all) < count:
        block = hashlib.sha256(block).digest()
        all += block
    return bytes(all[:count])


api = HfApi()
name = api.whoami()["name"]
repo = f"{name}/clients"
source = scratch / "source"
(source / "nested").mkdir(parents=True)
(source / "README.md").write_text("---\nlicense: mit\n---\n# Clients\n")
(source / "nested" / "naïve name.txt").write_text("text\n")
(source / "model.safetensors").write_bytes(noise("octavo", 20_000_000))
(source / "twin.safetensors").write_bytes(noise("octavo", 20_000_000))

pushed = octavo_json("push", str(source), repo)
check("octavo push", pushed.get("committed") is True, pushed)
target = snapshot_download(repo, local_dir=scratch / "python")
check("snapshot_download gives what octavo pushed", contents(target) == contents(source))
check("upload_folder finds it all there", api.upload_folder(repo_id=repo, folder_path=source).oid == pushed.get("commit"))

pulled = octavo_json("pull", repo, "--cache")
offline = snapshot_download(repo, local_files_only=True)
check("octavo's cache is Python's", offline == pulled.get("directory"), (offline, pulled))
check("and holds the same", contents(offline) == contents(source))
scan = scan_cache_dir(os.environ["HF_HUB_CACHE"])
check("scan_cache_dir has no complaint", not scan.warnings and {r.repo_id for r in scan.repos} == {repo}, scan.warnings)
hf = str(pathlib.Path(sys.executable).parent / "hf")
verified = run(hf, "cache", "verify", repo)
check("hf cache verify", verified.returncode == 0, verified.stdout + verified.stderr)

shutil.rmtree(scratch / "cache")
snapshot_download(repo)
again = octavo_json("pull", repo, "--cache")
check("what Python has cached is not fetched again", again.get("fetched_files") == 0, again)
downloaded = run(hf, "download", repo, "--local-dir", str(scratch / "hf"))
check("hf download", downloaded.returncode == 0 and contents(scratch / "hf") == contents(source), downloaded.stderr)

(source / "model.safetensors").write_bytes(noise("other", 20_000_000))
(source / "added.txt").write_text("added\n")
(source / "twin.safetensors").unlink()
api.upload_folder(repo_id=repo, folder_path=source, commit_message="Second", delete_patterns="twin*")
octavo_json("pull", repo, str(scratch / "octavo"))
check("octavo pull gives what upload_folder made", contents(scratch / "octavo") == contents(source))
check("octavo push finds it all there", octavo_json("push", str(source), repo).get("committed") is False)

(source / "added.txt").write_text("proposed\n")
proposed = octavo_json("push", str(source), repo, "--create-pr")
number = str(proposed.get("pull_request", "")).rsplit("/", 1)[-1]
check("octavo push --create-pr", number.isdigit(), proposed)
reference = f"refs/pr/{number}"
check("the pull request holds it", b"proposed" in contents(snapshot_download(repo, revision=reference))["added.txt"])
opened = api.create_commit(repo, [CommitOperationAdd("p.txt", b"x")], commit_message="Propose", create_pr=True)
octavo_json("pull", f"{repo}@{opened.pr_revision}", str(scratch / "pr"))
check("octavo pull of Python's pull request", (scratch / "pr" / "p.txt").read_bytes() == b"x")

if shutil.which("git-lfs"):
    git = scratch / "git"
    run("git", "init", "-q", str(git))
    url = f"{endpoint}/{repo}.git/info/lfs"
    header = f"http.{endpoint}/.extraheader"

    def lfs(*arguments, **options):
        config = ["-c", f"lfs.url={url}", "-c", f"{header}=Authorization: Bearer {token}", "-c", "lfs.locksverify=false"]
        return subprocess.run(["git", *config, "lfs", *arguments], capture_output=True, cwd=git, **options)

    data = noise("git-lfs", 3_000_000)
    oid = hashlib.sha256(data).hexdigest()
    stored = git / ".git" / "lfs" / "objects" / oid[:2] / oid[2:4]
    stored.mkdir(parents=True)
    (stored / oid).write_bytes(data)
    run("git", "-C", str(git), "remote", "add", "origin", f"{endpoint}/{repo}.git")
    sent = lfs("push", "--object-id", "origin", oid)
    check("git lfs push", sent.returncode == 0, sent.stderr)
    (source / "lfs.safetensors").write_bytes(data)
    there = octavo_json("push", str(source), repo)
    check("octavo push does not send what git lfs sent", there.get("sent_bytes", 10**9) < 1000, there)
    shutil.rmtree(git / ".git" / "lfs")
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(data)}\n"
    smudged = lfs("smudge", input=pointer.encode())
    check("git lfs smudge", smudged.stdout == data, smudged.stderr)
else:
    print("left out: git-lfs is not installed")

api.delete_repo(repo)
shutil.rmtree(scratch)
sys.exit(1 if failures else 0)
