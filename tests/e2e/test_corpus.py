"""Real manifests: what lint says of them is what the table in tests/README.md says, and what independent parsers say."""
import collections
import json
import os
import pathlib
import re

import pytest

from oracle import document, rules, yamlcore
from oracle.document import DEFAULT_FIELDS, Invalid
from support.ctl import shelfctl
from support.daemon import SOURCE

jsonschema = pytest.importorskip("jsonschema")

CORPUS = pathlib.Path(os.environ.get("SHELFD_CORPUS", SOURCE.parent / "shared" / "corpus"))
SCHEMAS = SOURCE / "etc" / "schemas"
LATEST = "2025-12-11/server"

# Where the manifests of each collection of files are: folder, files, and how they are read.
SETS = {
    "skills-wshobson": ("skills-wshobson", {"path": "plugins", "entry": ["SKILL.md"], "schema": "skill"}),
    "skills-claude-mpm": ("skills-claude-mpm", {"path": ".", "entry": ["SKILL.md"], "schema": "skill"}),
    "skills-broken": ("skills-broken", {"path": "tests", "entry": ["SKILL.md"], "schema": "skill"}),
    "mcps-docker, server.yaml": ("mcps-docker", {"path": "servers", "entry": ["server.yaml"], "schema": "docker-server"}),
    "mcps-docker, tools.json": ("mcps-docker", {"path": "servers", "entry": ["tools.json"], "schema": "tool"}),
    "mcps-mcpm": ("mcps-mcpm", {"path": "mcp-registry/servers", "flat": ["*.json"], "schema": "server-schema"}),
    "mcps-official, valid": ("mcps-official", {"path": "examples/valid", "flat": ["*.json"], "schema": LATEST}),
    "mcps-official, invalid": ("mcps-official", {"path": "examples/invalid", "flat": ["*.json"], "schema": LATEST}),
    "capabilities-chora": ("capabilities-chora", {"path": "capabilities", "flat": ["*.yaml"], "schema": "capability"}),
}
OWN_SCHEMAS = {"mcps-mcpm": "mcp-registry/schema", "mcps-official": "schemas"}

# What only a parser of YAML finds, by whichever of its codes.
SYNTAX = ("yaml-", "json-", "frontmatter-not-closed", "not-a-mapping", "not-utf8", "nul-byte", "key-too-long",
          "scalar-too-long", "too-")
NOTES = {"bom", "yaml-merge-key"}


def root_of(name):
    root = CORPUS / SETS[name][0]
    if not root.is_dir():
        pytest.skip(f"there is no {root}")
    return root


def lint(folder, name, **changes):
    """(number of manifests, {path: [problem, ...]})"""
    root = root_of(name)
    config = {"collections": [{"type": "item", **SETS[name][1], **changes}]}
    if SETS[name][0] in OWN_SCHEMAS:
        config["schemas"] = str(root / OWN_SCHEMAS[SETS[name][0]])
    path = os.path.join(folder, "shelfd.yaml")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(config, file)
    done = shelfctl(folder, "-c", path, "-C", str(root), "lint", "--json")
    assert done.returncode in (0, 5), done.stderr
    found = {}
    for line in done.stdout.splitlines():
        problem = json.loads(line)
        found.setdefault(problem["path"], []).append(problem)
    return int(re.search(r"(\d+) manifests?:", done.stderr)[1]), found


def counted(found):
    return collections.Counter(problem["code"] for problems in found.values() for problem in problems)


def table():
    """The rows of the table in tests/README.md: {collection: (manifests, with errors, with warnings at most, counts)}"""
    text = (SOURCE / "tests" / "README.md").read_text(encoding="utf-8")
    rows = {}
    for name, manifests, broken, warned, codes in re.findall(
            r"^\| ([a-z].*?) \| (\d+) \| (\d+) \| (\d+) \| (.*?) \|$", text.partition("## Real manifests")[2].partition("\n## ")[0], re.M):
        rows[name] = int(manifests), int(broken), int(warned), collections.Counter(
            {code: int(n) for code, n in re.findall(r"`([a-z0-9-]+)` (\d+)", codes)})
    return rows


@pytest.mark.parametrize("name", SETS)
def test_lint_finds_what_the_table_says(folder, name):
    number, found = lint(folder, name)
    broken = sum(any(p["severity"] == "error" for p in problems) for problems in found.values())
    warned = sum(any(p["severity"] == "warning" for p in problems) for problems in found.values()) - sum(
        {"error", "warning"} <= {p["severity"] for p in problems} for problems in found.values())
    assert (number, broken, warned, counted(found)) == table()[name]


def files_of(name):
    root, how = root_of(name), SETS[name][1]
    names = how.get("entry", how.get("flat"))
    pattern = f"**/{names[0]}" if "entry" in how else names[0]
    return root, sorted(p for p in (root / how["path"]).glob(pattern) if not any(
        part.startswith(".") for part in p.relative_to(root).parts))


def parsed(path):
    """The document, or None when it has no front matter; raises Invalid."""
    text = document.decode(path.read_bytes())
    if path.suffix == ".json":
        return document.load_json(text)
    if path.suffix == ".yaml":
        return yamlcore.load(text)
    inner, _ = document.front_matter(text)
    return yamlcore.load(inner) if inner is not None else None


def is_syntax(code):
    return code.startswith(SYNTAX) and code not in NOTES


@pytest.mark.parametrize("name", [n for n in SETS if n.startswith("skills-")])
def test_the_rules_of_skills_say_what_an_oracle_says(folder, name):
    _, found = lint(folder, name)
    root, files = files_of(name)
    want, unparsable = collections.Counter(), set()
    for path in files:
        try:
            value = parsed(path)
            if value is not None and not isinstance(value, dict):
                raise Invalid("not a mapping")
        except Invalid:
            unparsable.add(str(path.relative_to(root)))
            continue
        if value is None:
            want["frontmatter-missing"] += 1
            if document.describe(document.decode(path.read_bytes())) is None:
                want["description-missing"] += 1
        else:
            want += rules.common(value, DEFAULT_FIELDS) + rules.skill(value, path.parent.name)
    have = counted(found)
    assert {p for p, problems in found.items() if any(is_syntax(q["code"]) for q in problems)} == unparsable
    assert {code: n for code, n in have.items() if not is_syntax(code) and code not in NOTES} == want


def test_the_rules_of_tools_say_what_an_oracle_says(folder):
    _, found = lint(folder, "mcps-docker, tools.json")
    want, bad_schemas = collections.Counter(), set()
    root, files = files_of("mcps-docker, tools.json")
    for path in files:
        listed = json.loads(path.read_text(encoding="utf-8"))
        want += rules.tools(listed)
        for i, tool in enumerate(listed):
            schema = tool.get("inputSchema")
            if isinstance(schema, dict) and any(jsonschema.Draft202012Validator(
                    jsonschema.Draft202012Validator.META_SCHEMA).iter_errors(schema)):
                bad_schemas.add((str(path.relative_to(root)), i))
    have = counted(found)
    told = {(path, int(problem["pointer"].split("/")[2])) for path, problems in found.items() for problem in problems
            if problem["code"] == "tool-schema-invalid"}
    assert told == bad_schemas
    del have["tool-schema-invalid"]
    assert have == want


def validator(name):
    """That of Python, for the schema which the collection names."""
    schema = SETS[name][1]["schema"]
    folder = root_of(name) / OWN_SCHEMAS[SETS[name][0]] if SETS[name][0] in OWN_SCHEMAS else SCHEMAS
    path = next(p for p in (folder / f"{schema}.json", folder / f"{schema}.schema.json") if p.exists())
    content = json.loads(path.read_text(encoding="utf-8"))
    store = {f"file:///schemas/{p.name}": json.loads(p.read_text(encoding="utf-8")) for p in SCHEMAS.glob("*.json")}
    resolver = jsonschema.RefResolver(content.get("$id", f"file:///schemas/{path.name}"), content, store=store)
    return jsonschema.validators.validator_for(content)(content, resolver=resolver)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", ["mcps-docker, server.yaml", "mcps-mcpm", "mcps-official, valid", "mcps-official, invalid",
                                  "capabilities-chora"])
def test_a_document_is_valid_by_its_schema_where_python_says_so(folder, name):
    _, found = lint(folder, name)
    check = validator(name)
    root, files = files_of(name)
    invalid = {str(path.relative_to(root)) for path in files if not check.is_valid(parsed(path))}
    assert {path for path, problems in found.items()
            if any(problem["code"].startswith("schema-") for problem in problems)} == invalid


def test_all_of_mcpm_pass_their_own_schema_and_the_official_examples_do_what_they_are_for(folder):
    number, found = lint(folder, "mcps-mcpm")
    assert number == 380 and not any(p["code"].startswith("schema-") for ps in found.values() for p in ps)
    for schema in (LATEST, "mcp-server"):
        number, found = lint(folder, "mcps-official, valid", schema=schema)
        assert (number, found) == (3, {}), schema
        number, found = lint(folder, "mcps-official, invalid", schema=schema)
        assert (number, len(found)) == (5, 5), schema


def test_a_server_json_is_checked_by_the_official_schema_that_it_declares(folder):
    """In a collection of all kinds of servers, without the collection naming the schema."""
    number, found = lint(folder, "mcps-official, valid", schema="mcp")
    assert (number, found) == (3, {})


def test_the_official_examples_do_what_they_are_for_in_a_collection_of_all_kinds_of_servers(folder):
    for name, wrong in (("mcps-official, valid", 0), ("mcps-official, invalid", 5)):
        number, found = lint(folder, name, schema="mcp")
        assert len(found) == wrong, found
