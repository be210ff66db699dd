"""Checks the manifests with PyYAML and the JSON Schema of PyPI's jsonschema, as editors do.

Every shipped manifest must be valid. Of the invalid ones each must be refused, either by the schema or, where a schema
cannot see the fault, by `octavo publish` alone; those are named below.
"""

import json
import pathlib
import sys

import jsonschema
import yaml

FOLDER = pathlib.Path("manifests")
# What PyYAML takes and a schema cannot tell: YAML that means the same, two members that do not go together,
# names that other rules refuse.
BEYOND_A_SCHEMA = {
    "alias", "anchor", "merge-key", "duplicate-key", "truth",
    "source-path-traversal", "revision", "except", "texts-mixed", "tuning-codes-embeddings", "tuning-share",
    "tuning-embeddings", "kind-twice", "repository-twice", "output-type", "dense-type", "pull-request-tag",
    "too-deep", "tuning-without-text", "mapped",
}


def problems(path, schema):
    try:
        value = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        return [f"not YAML: {type(error).__name__}"]
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(value)]


schema = json.loads((FOLDER / "schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
failed = False
for path in sorted(FOLDER.glob("*.yaml")):
    found = problems(path, schema)
    failed |= bool(found)
    print("ok    " if not found else "FAILED", path, *found)
caught = 0
for path in sorted((FOLDER / "invalid").glob("*.yaml")):
    found = problems(path, schema)
    caught += bool(found)
    if not found and path.stem not in BEYOND_A_SCHEMA:
        failed = True
        print("FAILED", path, "is valid by the schema")
print(f"{caught} of {len(list((FOLDER / 'invalid').glob('*.yaml')))} invalid manifests are caught by the schema")
sys.exit(failed)
