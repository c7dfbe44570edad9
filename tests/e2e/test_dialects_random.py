"""The examples of the dialects, changed at random: what lint calls wrong by a schema is what Python's jsonschema calls wrong."""
import copy
import json
import os
import random

import pytest

from oracle import canonical, document, yamlcore
from support.checkout import Checkout
from support.ctl import shelfctl
from support.daemon import SOURCE

jsonschema = pytest.importorskip("jsonschema")

SCHEMAS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (SOURCE / "etc" / "schemas").glob("*.json")}
NUMBER = 150  # documents of each dialect
SEED = int(os.environ.get("SHELFD_TEST_FIRST_SEED", "0"))

VALUES = [None, True, 0, -1, 1.5, "", "x", "1.0.0", "latest", "http://example.org", [], {}, [[]], {"a": {}}, "é", 10**30]

# Rules of shelfd's own that speak of the same value, in the schema's place.
OWN = {"name-type", "description-type", "status-unknown", "mcp-name-format", "mcp-description-length", "mcp-version-range",
       "mcp-version-missing", "catalog-duplicate-name"}


def from_yaml(text):
    return json.loads(canonical.dumps(yamlcore.load(text)))


def examples():
    for path in sorted((SOURCE / "etc" / "dialects").rglob("*")):
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if path.suffix == ".json":
            yield json.loads(text)
        elif path.suffix == ".yaml" and path.name != "shelfd.yaml":
            yield from_yaml(text)
        elif path.suffix == ".md":
            yield from_yaml(text.split("---\n")[1])


def places(value, at=()):
    """Keys that lead to each value below this one."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in below:
        yield (*at, key)
        yield from places(inner, (*at, key))


def changed(source, value):
    value = copy.deepcopy(value)
    for _ in range(source.randint(0, 3)):
        found = list(places(value))
        if not found:
            break
        *way, last = source.choice(found)
        parent = value
        for key in way:
            parent = parent[key]
        do = source.random()
        if do < 0.6:
            parent[last] = copy.deepcopy(source.choice(VALUES))
        elif do < 0.8:
            del parent[last]
        elif isinstance(parent, list):
            parent.append(copy.deepcopy(parent[last]))
        else:
            parent[source.choice(["name", "id", "type", "version", "metadata", "packages", "remotes"])] = copy.deepcopy(parent[last])
    return value


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_document_is_wrong_by_its_dialect_where_python_says_so(folder):
    source, checkout = random.Random(SEED), Checkout(folder + "/checkout")
    store = {f"file:///schemas/{name}.json": schema for name, schema in SCHEMAS.items()}
    all_examples = [value for value in examples() if isinstance(value, dict)]
    wanted = {}
    for name, schema in SCHEMAS.items():
        resolver = jsonschema.RefResolver(f"file:///schemas/{name}.json", schema, store=store)
        check = jsonschema.Draft202012Validator(schema, resolver=resolver)
        near = [value for value in all_examples if check.is_valid(value)]
        for i in range(NUMBER):
            value = changed(source, source.choice(near))
            path = f"{name}/{i}.json"
            checkout.write(path, json.dumps(value))
            document.load_json(json.dumps(value))
            wanted[path] = check.is_valid(value)
    checkout.write("shelfd.yaml", json.dumps({"collections": [
        {"type": name, "path": name, "flat": ["*.json"], "schema": name} for name in SCHEMAS]}))
    done = shelfctl(checkout.root, "-c", "shelfd.yaml", "-C", ".", "lint", "--json")
    assert done.returncode in (0, 5) and done.stderr.startswith(f"{len(wanted)} manifests")
    found = {}
    for line in done.stdout.splitlines():
        problem = json.loads(line)
        found.setdefault(problem["path"], set()).add(problem["code"])
    assert sum(wanted.values()) > NUMBER and sum(not valid for valid in wanted.values()) > NUMBER
    for path, valid in wanted.items():
        codes = found.get(path, set())
        told = any(code.startswith("schema-") for code in codes)
        assert told != valid or (not valid and codes & OWN), (SEED, path, valid, codes, checkout.read(path))
