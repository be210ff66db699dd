"""Drives a hub with the stock Python client: what Octavo serves must be what others speak.

Needs `pip install huggingface_hub`, and in the environment HF_ENDPOINT (the hub) and HF_TOKEN (a
token that may write). Prints one line a check and exits with 1 if one fails.
"""

import hashlib
import os
import pathlib
import sys
import tempfile

os.environ["HF_HUB_DISABLE_XET"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

failures = 0


def check(what, holds):
    global failures
    failures += not holds
    print(("ok    " if holds else "FAIL  ") + what, flush=True)


def raises(error, call):
    try:
        call()
    except error:
        return True
    except Exception as other:
        print(f"      {type(other).__name__}: {other}")
    return False


def contents(folder):
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in pathlib.Path(folder).rglob("*")
        if p.is_file() and ".cache" not in p.parts
    }


api = HfApi()
name = api.whoami()["name"]
repo = f"{name}/interop"
check("whoami", bool(name))
check("create", api.create_repo(repo, exist_ok=True).endswith(repo))
check("create again", api.create_repo(repo, exist_ok=True).endswith(repo))

with tempfile.TemporaryDirectory() as scratch:
    scratch = pathlib.Path(scratch)
    source = scratch / "source"
    (source / "nested" / "deep").mkdir(parents=True)
    (source / "README.md").write_text("---\nlicense: mit\n---\n# Interop\n")
    (source / "config.json").write_text('{"hidden_size": 8}\n')
    (source / "empty.txt").write_bytes(b"")
    (source / "nested" / "deep" / "naïve name.txt").write_text("text\n")
    # Reproducible and not compressible: a chain of hashes.
    block, weights = b"octavo", bytearray()
    while len(weights) < 3_000_000:
        block = hashlib.sha256(block).digest()
        weights += block
    (source / "model.safetensors").write_bytes(weights)

    first = api.upload_folder(repo_id=repo, folder_path=source, commit_message="First")
    check("upload_folder", len(first.oid) == 40)
    second = api.upload_folder(repo_id=repo, folder_path=source, commit_message="Again")
    check("upload_folder again makes no commit", second.oid == first.oid)

    target = snapshot_download(repo, local_dir=scratch / "target")
    fetched = contents(target)
    fetched.pop(".gitattributes", None)
    check("snapshot_download gives the same bytes", fetched == contents(source))
    cached = snapshot_download(repo, cache_dir=scratch / "cache")
    check("the cache names the commit", pathlib.Path(cached).name == first.oid)
    one = hf_hub_download(repo, "nested/deep/naïve name.txt", cache_dir=scratch / "cache")
    check("hf_hub_download", pathlib.Path(one).read_text() == "text\n")

    info = api.model_info(repo, files_metadata=True)
    weight = next(s for s in info.siblings if s.rfilename == "model.safetensors")
    check("model_info names the sha256", weight.lfs.sha256 == hashlib.sha256(weights).hexdigest())
    check("list_repo_tree", {e.path for e in api.list_repo_tree(repo, recursive=True)} >= set(fetched))

    api.create_branch(repo, branch="dev/one")
    api.create_commit(
        repo,
        [
            CommitOperationAdd("added.txt", b"added"),
            CommitOperationDelete("config.json"),
            CommitOperationDelete("nested/", is_folder=True),
        ],
        commit_message="Change",
        revision="dev/one",
        parent_commit=first.oid,
    )
    files = set(api.list_repo_files(repo, revision="dev/one"))
    check("a branch with a slash", "added.txt" in files and "config.json" not in files)
    check("a deleted folder", not any(f.startswith("nested/") for f in files))
    check("main is left alone", "config.json" in set(api.list_repo_files(repo)))
    check("refs", {b.name for b in api.list_repo_refs(repo).branches} == {"main", "dev/one"})
    api.create_tag(repo, tag="v1")
    check("a tag resolves", api.model_info(repo, revision="v1").sha == first.oid)
    collected = api.create_collection("Small models", namespace=repo.split("/")[0])
    again = api.create_collection("Small models", namespace=repo.split("/")[0], exists_ok=True)
    check("a collection is made once", collected.slug == again.slug)
    api.add_collection_item(collected.slug, item_id=repo, item_type="model", note="The first")
    api.add_collection_item(collected.slug, item_id=repo, item_type="model", exists_ok=True)
    items = api.get_collection(collected.slug).items
    check("a collection's model", [(i.item_id, i.note) for i in items] == [(repo, "The first")])
    opened = api.create_commit(
        repo, [CommitOperationAdd("proposal.txt", b"x")], commit_message="Propose", create_pr=True
    )
    check("a pull request", opened.pr_revision == "refs/pr/1")
    check(
        "a stale parent is refused",
        raises(
            HfHubHTTPError,
            lambda: api.create_commit(
                repo,
                [CommitOperationAdd("late.txt", b"late")],
                commit_message="Late",
                revision="dev/one",
                parent_commit=first.oid,
            ),
        ),
    )

    # What follows is about the repository as a whole, and about large files in parts, which the server
    # that scripts/interop/run.sh starts asks for early.
    paths = api.get_paths_info(repo, ["nested", "model.safetensors", "none"])
    check("get_paths_info", {p.path for p in paths} == {"nested", "model.safetensors"})
    history = api.list_repo_commits(repo)
    check("list_repo_commits", [c.title for c in history] == ["First", "initial commit"])
    check("auth_check", api.auth_check(repo, write=True) is None)
    api.delete_tag(repo, tag="v1")
    api.delete_branch(repo, branch="dev/one")
    refs = api.list_repo_refs(repo, include_pull_requests=True)
    check("delete_tag, delete_branch", not refs.tags and {b.name for b in refs.branches} == {"main"})
    check("a pull request among the refs", [p.ref for p in refs.pull_requests] == ["refs/pr/1"])

    talk = api.create_discussion(repo, title="A question", description="Why?")
    check("create_discussion", talk.num == 2 and not talk.is_pull_request)
    check("comment_discussion", api.comment_discussion(repo, 2, comment="Because").content == "Because")
    check("rename_discussion", api.rename_discussion(repo, 2, new_title="An answer").new_title == "An answer")
    pull = api.create_pull_request(repo, title="A change", description="Look")
    check("create_pull_request", pull.num == 3 and pull.status == "draft")
    api.create_commit(
        repo, [CommitOperationAdd("pull.txt", b"pull")], commit_message="Change", revision="refs/pr/3"
    )
    check("change_discussion_status", api.change_discussion_status(repo, 3, "open").new_status == "open")
    api.merge_pull_request(repo, 3, comment="Thanks")
    details = api.get_discussion_details(repo, 3)
    check("merge_pull_request", details.status == "merged" and details.target_branch == "refs/heads/main")
    check("a merge is the head", details.merge_commit_oid == api.model_info(repo).sha)
    check("merged files", "pull.txt" in set(api.list_repo_files(repo)))
    check("events", [e.type for e in details.events] == ["comment", "commit", "status-change", "comment", "status-change"])
    check("get_repo_discussions", [d.num for d in api.get_repo_discussions(repo)] == [3, 2, 1])
    pulls = api.get_repo_discussions(repo, discussion_type="pull_request", discussion_status="open")
    check("get_repo_discussions, filtered", [d.num for d in pulls] == [1])

    api.super_squash_history(repo, commit_message="One")
    check("super_squash_history", [c.title for c in api.list_repo_commits(repo)] == ["One"])
    api.update_repo_settings(repo, gated="manual", private=True)
    settings = api.model_info(repo)
    check("update_repo_settings", settings.private and settings.gated == "manual")
    api.move_repo(repo, f"{name}/moved")
    check("move_repo", "pull.txt" in set(api.list_repo_files(f"{name}/moved")))
    api.move_repo(f"{name}/moved", repo)

check("a missing file", raises(EntryNotFoundError, lambda: hf_hub_download(repo, "none.txt")))
check("a missing revision", raises(RevisionNotFoundError, lambda: api.model_info(repo, revision="none")))
check("a missing repository", raises(RepositoryNotFoundError, lambda: api.model_info(f"{name}/none")))
api.delete_repo(repo)
check("delete", raises(RepositoryNotFoundError, lambda: api.model_info(repo)))
sys.exit(1 if failures else 0)
