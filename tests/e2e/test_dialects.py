"""Dialects and schemas: what comes with shelfd, and what the user brings."""
import json
import os
import shutil

import pytest
import yaml

from oracle.checkout import Collection
from support.checkout import Checkout
from support.ctl import shelfctl
from support.daemon import SOURCE
from support.waiting import until

EXAMPLES = SOURCE / "etc" / "dialects"
TOOL = {"type": "tool", "path": "tools", "flat": ["*.yaml", "*.json"]}

# Of etc/dialects: id -> name, version, owner, number of dependencies.
ITEMS = {
    "skill/release-notes": ("release-notes", "1.1", None, 0),
    "mcp/tickets": ("org.example/tickets", "2.0.1", None, 0),
    "mcp/search": ("search", None, None, 0),
    "tool/read_ticket": ("read_ticket", None, None, 0),
    "tool/get_weather": ("get_weather", None, None, 0),
    "tool/issues/tools": (None, None, None, 0),
    "agent/reviewer": ("reviewer", None, None, 0),
    "capability/org.example.search": ("Document search", "1.4.0", "search-team", 1),
    "capability/org.example.review-loop": ("Review loop", "0.3.0", "platform-team", 0),
    "catalog-item/message-queue": ("message-queue", "1.0.0", "messaging-team", 0),
    "catalog-item/postgres-database": ("PostgreSQL database", "2.1.0", "data-team", 0),
    "catalog-item/container-cluster": ("Container cluster", "0.9.0-beta.1", "compute-team", 0),
    "knowledge/operations.incident-review": ("Incident review", None, "operations", 0),
}


def test_the_examples_of_all_dialects_have_no_problem_in_the_strict_profile(folder):
    done = shelfctl(folder, "-c", str(EXAMPLES / "shelfd.yaml"), "-C", str(EXAMPLES), "lint", "--strict", check=0)
    assert done.stdout == "" and done.stderr == f"{len(ITEMS)} manifests: 0 errors, 0 warnings\n"


def test_the_examples_are_published_with_what_their_collections_say(scene):
    collections = yaml.safe_load((EXAMPLES / "shelfd.yaml").read_text(encoding="utf-8"))["collections"]
    for collection in collections:
        shutil.copytree(EXAMPLES / collection["path"], scene.checkout.path(collection["path"]))
    scene.collections = [Collection(**collection) for collection in collections]
    daemon = scene.daemon(collections=collections, profile="strict").start()
    have = scene.settle(daemon)
    assert {key: (item.get("name"), item.get("version"), item.get("owner"), len(json.loads(item.get("dependencies", "[]"))))
            for key, item in have.items.items()} == ITEMS
    assert have.problems == {}
    assert have.items["knowledge/operations.incident-review"]["status"] == "in_review"
    tools = json.loads(have.items["tool/issues/tools"]["metadata"])["tools"]
    assert [tool["name"] for tool in tools] == ["list_issues", "close_issue"]


class Lint:
    """A folder of manifests of one collection, and what lint says of them."""

    def __init__(self, folder):
        self.folder = folder
        self.checkout = Checkout(folder + "/checkout")
        self.config = os.path.join(folder, "shelfd.yaml")

    def run(self, collection, *arguments, **settings):
        with open(self.config, "w", encoding="utf-8") as file:
            yaml.safe_dump({**settings, "collections": [collection]}, file)
        return shelfctl(self.folder, "-c", self.config, "-C", self.checkout.root, "lint", *arguments)

    def of(self, text, schema, name="a.yaml", **settings):
        """[(code, line, column, pointer), ...] of one file."""
        self.checkout.write("tools/" + name, text)
        done = self.run({**TOOL, "schema": schema, "flat": ["*"]}, "--json", **settings)
        assert done.returncode in (0, 5), done.stderr
        return [(p["code"], p["line"], p["column"], p.get("pointer", "")) for p in map(json.loads, done.stdout.splitlines())]

    def schema(self, path, content):
        path = os.path.join(self.folder, "schemas", path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content if isinstance(content, str) else json.dumps(content))


@pytest.fixture
def lint(folder):
    return Lint(folder)


def front(text):
    return f"---\n{text}---\n"


# A dialect, its document with a mark where the one problem is, its code and pointer.
@pytest.mark.parametrize("schema, name, text, code, pointer", [
    ("agent", "a.md", front("name: ▶Reviewer\ndescription: d\n"), "schema-value", "/name"),
    ("agent", "a.md", front("name: reviewer\ndescription: d\ntools: ▶{read: true}\n"), "schema-type", "/tools"),
    ("agent", "a.md", front("▶name: reviewer\n"), "schema-required", ""),
    ("capability", "a.yaml", "metadata:\n  dc_identifier: a\n  dc_title: A\n  dc_description: d\n  dc_type: ▶Module\n",
     "schema-value", "/metadata/dc_type"),
    ("capability", "a.yaml", "metadata: {dc_identifier: a, dc_title: A, dc_description: d, dc_type: Service, dc_hasVersion: ▶1.0}\n",
     "schema-type", "/metadata/dc_hasVersion"),
    ("capability", "a.yaml", "metadata: {dc_identifier: a, dc_title: A, dc_description: d, dc_type: Pattern}\n"
     "dc_relation:\n  requires:\n  - capability: b\n  - ▶version: 1.0.0\n", "schema-required", "/dc_relation/requires/1"),
    ("capability", "a.yaml", "metadata: {dc_identifier: a, dc_title: A, dc_description: d, dc_type: Service}\n"
     "a_service:\n  health:\n    interval: ▶0\n", "schema-value", "/a_service/health/interval"),
    ("catalog-item", "a.yaml", "▶name: a\nversion: 1.0.0\npresentation: {}\n", "schema-required", ""),
    ("catalog-item", "a.yaml", "metadata: {id: a}\npresentation:\n  groups:\n  - {name: x}\n  - {name: ▶x}\n"
     "fulfillment: {actions: [{type: t}]}\n", "catalog-duplicate-name", "/presentation/groups/1/name"),
    ("catalog-item", "a.yaml", "header: {id: a}\npresentation:\n  form:\n    fields: [{id: x, type: t}]\n    groups:\n"
     "    - {id: g, fields: [{type: t, id: ▶x}]}\nfulfillment: {actions: [{type: t}]}\n",
     "catalog-duplicate-name", "/presentation/form/groups/0/fields/0/id"),
    ("catalog-item", "a.yaml", "name: a\npresentation:\n  fields: [▶{name: x}]\nfulfillment: {actions: [{type: t}]}\n",
     "schema-required", "/presentation/fields/0"),
    ("git-skill", "a.md", front("id: a\ntitle: A\nstatus: ▶done\nowners: [x]\nupdated: 2026-01-31\n"), "status-unknown", "/status"),
    ("git-skill", "a.md", front("id: a\ntitle: A\nstatus: draft\nowners: ▶[]\nupdated: 2026-01-31\n"), "schema-value", "/owners"),
    ("git-skill", "a.md", front("id: a\ntitle: A\nstatus: draft\nowners: [x]\nupdated: ▶31.1.2026\n"), "schema-value", "/updated"),
    ("docker-server", "a.yaml", "▶name: a\ntype: server\nabout: {title: A}\n", "schema-required", ""),
    ("docker-server", "a.yaml", "name: a\ntype: remote\nabout: {title: A}\nremote: ▶{transport_type: sse}\n",
     "schema-required", "/remote"),
    ("mcp-server", "a.json", '{"name": "a/b", "description": "d", "version": ▶"^1.0.0"}', "schema-violation", "/version"),
    ("mcp", "a.json", '{"name": "a/b", "description": "d", "version": "1.0.0",\n "packages": [{"identifier": "x", "version": ▶"latest"}]}',
     "schema-violation", "/packages/0/version"),
    ("tool", "a.json", '{"type": "function", "function": {"name": ▶"a.b", "description": "d"}}', "tool-name-format", "/function/name"),
    ("tool", "a.json", '{"type": "function", "name": "a", "description": "d",\n "parameters": {"type": ▶"array"}}',
     "tool-input-schema", "/parameters/type"),
    ("tool", "a.json", '[{"name": "a", "description": "d"},\n {"name": ▶"b c", "description": "d"}]', "tool-name-format", "/tools/1/name"),
    ("tool", "a.yaml", "tools:\n- {name: a, description: d}\n- ▶{name: b}\n", "description-missing", "/tools/1"),
    ("tool", "a.yaml", "name: a\ndescription: d\ninputSchema:\n  type: object\n  required: ▶name\n",
     "tool-schema-invalid", "/inputSchema/required"),
    ("tool", "a.yaml", "name: a\ndescription: d\noutputSchema: {properties: {a: {minLength: ▶-1}}}\n",
     "tool-schema-invalid", "/outputSchema/properties/a/minLength"),
])
def test_what_is_wrong_by_a_dialect_is_told_at_its_place(lint, schema, name, text, code, pointer):
    before, after = text.split("▶")
    line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
    assert lint.of(before + after, schema, name) == [(code, line, column, pointer)]


def test_a_list_of_something_else_is_no_list_of_tools(lint):
    assert lint.of("[]\n", "tool") == []
    assert [p[0] for p in lint.of("- a\n- {name: b}\n", "tool")] == ["not-a-mapping"]
    assert [p[0] for p in lint.of("- {name: a}\n", "agent")] == ["not-a-mapping"]


def test_a_schema_of_the_user_is_named_by_its_path_and_may_refer_to_its_neighbours(lint):
    lint.schema("team/prompt.schema.json", {"properties": {"tags": {"$ref": "common.json#/$defs/tags"}}})
    lint.schema("team/common.json", {"$defs": {"tags": {"type": "array"}}})
    lint.schema("short.yaml", "properties:\n  name: {maxLength: 3}\n")
    found = lint.of("name: abcd\ntags: x\n", "team/prompt", schemas=lint.folder + "/schemas")
    assert found == [("schema-type", 2, 7, "/tags")]
    found = lint.of("name: abcd\ntags: x\n", "short", schemas=lint.folder + "/schemas")
    assert found == [("schema-value", 1, 7, "/name")]


def test_a_schema_of_the_user_takes_the_place_of_one_of_ours(lint):
    lint.schema("agent.json", {"required": ["purpose"]})
    assert lint.of("name: A B\n", "agent", schemas=lint.folder + "/schemas") == [("schema-required", 1, 1, "")]


@pytest.mark.parametrize("draft", ["http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema"])
def test_a_document_is_checked_by_the_schema_that_it_declares(lint, draft):
    lint.schema("deep/down/one.json", {"$schema": draft, "$id": "https://example.org/one.json", "required": ["one"]})
    text = "$schema: https://example.org/%s.json\nname: a\ndescription: d\n"
    assert lint.of(text % "one", "agent", schemas=lint.folder + "/schemas") == [("schema-required", 1, 1, "")]
    assert lint.of(text % "two", "agent", schemas=lint.folder + "/schemas") == []


def test_a_rule_and_a_schema_tell_the_same_mistake_once(lint):
    lint.schema("official.json", {"$id": "https://static.modelcontextprotocol.io/x.json", "properties": {
        "description": {"maxLength": 100}, "title": {"maxLength": 5}}})
    found = lint.of(f'$schema: https://static.modelcontextprotocol.io/x.json\nname: a/b\ndescription: {"d" * 101}\nversion: "1"\n'
                    "title: a title\n", "mcp", schemas=lint.folder + "/schemas")
    assert found == [("mcp-description-length", 3, 14, "/description"), ("schema-value", 5, 8, "/title")]


def test_what_the_schema_describes_is_the_hint_where_there_is_no_better_one(lint):
    lint.schema("one.json", {"description": "all of it", "properties": {
        "code": {"description": "three letters\u001b[31m", "type": "string", "pattern": "^[a-z]{3}$"}}})
    lint.checkout.write("tools/a.yaml", "code: abcd\n")
    lint.checkout.write("tools/b.yaml", "code: 7\n")
    done = lint.run({**TOOL, "schema": "one"}, "--json", schemas=lint.folder + "/schemas")
    pattern, kind = map(json.loads, done.stdout.splitlines())
    assert pattern["hint"].startswith("three letters") and "\u001b" not in pattern["hint"]
    assert "quotes" in kind["hint"]


def test_a_choice_is_told_beside_what_has_nothing_to_do_with_it_and_not_beside_its_own_reason(lint):
    text = "version: 1.0.0\npresentation: {fields: [{name: a}]}\nfulfillment: {actions: [{type: t}]}\n"
    assert [p[0] for p in lint.of(text, "catalog-item")] == ["schema-violation", "schema-required"]
    text = "name: a\ndescription: d\ninputSchema: {type: int}\n"
    assert [p[0] for p in lint.of(text, "tool")] == ["tool-input-schema"]
    text = "name: a\ndescription: d\ninputSchema: {properties: {a: {type: int}}}\n"
    assert [p[0] for p in lint.of(text, "tool")] == ["tool-schema-invalid"]


def test_rules_switch_single_kinds_of_violations_off(lint):
    text = "name: A B\ntools: 5\n"
    assert [p[0] for p in lint.of(text, "agent")] == ["schema-required", "schema-value", "schema-type"]
    assert [p[0] for p in lint.of(text, "agent", rules={"schema-value": "off", "schema-type": "off"})] == ["schema-required"]


def test_a_schema_that_no_dialect_has_is_told_with_its_place_and_what_is_near(lint):
    done = lint.run({**TOOL, "schema": "agnet"})
    assert done.returncode == 1 and "no schema has the name agnet; did you mean agent?" in done.stderr
    assert "[config-value]" in done.stderr


@pytest.mark.parametrize("name, content, words", [
    ("a.json", "{", "a.json: 1:"),
    ("a.json", {"type": "strin"}, "a: 1:10: "),
    ("a.json", {"$ref": "missing.json"}, "missing.json"),
    ("a.json", {"$ref": "https://example.org/never-fetched.json"}, "never-fetched.json"),
    ("a.json", {"pattern": "("}, "pattern"),
    ("a.yaml", "a: b: c\n", "a.yaml: 1:"),
])
def test_a_file_that_is_no_schema_is_told_when_shelfd_is_asked_to_test(scene, name, content, words):
    folder = os.path.join(scene.folder, "schemas")
    os.makedirs(folder)
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(content if isinstance(content, str) else json.dumps(content))
    config = os.path.join(scene.folder, "shelfd.yaml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(f"catalog: main\nschemas: {folder}\n")
    done = scene.shelfd("-t", "-c", config, check=2)
    assert done.stderr.startswith(f"{config}:2:10: schemas: ") and words in done.stderr, done.stderr


def test_a_mistake_in_a_file_that_another_refers_to_is_told_by_its_own_name(lint):
    lint.schema("one.json", {"$ref": "parts/two.json"})
    lint.schema("parts/two.json", "{\n\"minLength\": true}")
    done = lint.run({**TOOL, "schema": "one"}, schemas=lint.folder + "/schemas")
    assert done.returncode == 1 and "one: parts/two.json:2:14: must be an integer" in done.stderr, done.stderr


def test_two_files_with_one_name_are_told(lint):
    lint.schema("one.json", {})
    lint.schema("one.yaml", "{}\n")
    done = lint.run({**TOOL, "schema": "one"}, schemas=lint.folder + "/schemas")
    assert done.returncode == 1 and "one.yaml" in done.stderr and "one" in done.stderr


def test_a_reload_takes_up_changed_schemas_and_a_broken_one_keeps_the_old(scene):
    folder = os.path.join(scene.folder, "schemas")
    os.makedirs(folder)

    def schema(text):
        with open(os.path.join(folder, "mine.json"), "w", encoding="utf-8") as file:
            file.write(text)

    schema("{}")
    scene.checkout.write("tools/a.yaml", "name: a\n")
    daemon = scene.daemon(schemas=folder, collections=[{**TOOL, "schema": "mine"}]).start()
    assert scene.published().problems == {}
    schema('{"type": "strin"}')
    daemon.send(1)
    daemon.wait_output("schemas: ")
    scene.checkout.write("tools/b.yaml", "name: b\n")
    daemon.barrier()
    assert scene.published().problems == {}
    schema('{"required": ["description"]}')
    daemon.send(1)
    until("both have problems", lambda: len(scene.published().problems) == 2)
    assert scene.published().problems["tools/a.yaml"][0]["code"] == "schema-required"


def test_a_schema_without_end_holds_nobody_up(scene):
    scene.checkout.write("slow/a.yaml", "name: a\n")
    daemon = scene.daemon(schemas=str(SOURCE / "tests" / "data" / "schemas"), collections=[
        {"type": "slow", "path": "slow", "flat": ["*.yaml"], "schema": "slow"},
        {"type": "skill", "path": "skills", "entry": ["SKILL.md"], "schema": "skill"}]).start()
    for i in range(20):
        scene.checkout.write(f"slow/n{i}.yaml", "name: n\n")
    scene.checkout.skill("quick")
    daemon.barrier()
    have = scene.published()
    assert "skill/quick" in have.items and len(have.items) == 22
    assert {p["code"] for problems in have.problems.values() for p in problems} == {"schema-undecided"}


def test_an_item_that_breaks_its_schema_stays_or_goes_and_both_edges_are_told(scene):
    """In the strict profile; what becomes of it is each collection's own choice."""
    good, bad = "name: %s\ndescription: d\n", "name: %s\ndescription: d\nstatus: odd\ntools: 5\n"
    kept = {"type": "kept", "path": "kept", "flat": ["*.yaml"], "schema": "agent"}
    gone = {**kept, "type": "gone", "path": "gone", "on_invalid": "withdraw"}
    for name in ("kept", "gone"):
        scene.checkout.write(f"{name}/one.yaml", good % "one")
        scene.checkout.write(f"{name}/two.yaml", good % "two")
    daemon = scene.daemon(profile="strict", collections=[kept, gone]).start()
    before = scene.published()
    assert sorted(before.items) == ["gone/one", "gone/two", "kept/one", "kept/two"]
    subscriber = scene.subscriber()

    def told():
        """Changes, and the paths whose problems changed, since the last call."""
        daemon.barrier()
        events = subscriber.drain()
        changes = sorted(f"{e['data']['op']} {e['subject']}" for e in events.changes())
        problems = json.dumps(events.control("dev.shelfd.problems.changed"))
        subscriber.clear()
        return changes, [path for path in ("gone/one.yaml", "kept/one.yaml") if path in problems]

    for name in ("kept", "gone"):
        scene.checkout.write(f"{name}/one.yaml", bad % "one")
    assert told() == (["deleted gone/one", "updated kept/one"], ["gone/one.yaml", "kept/one.yaml"])
    have = scene.published()
    assert sorted(have.items) == ["gone/two", "kept/one", "kept/two"] and "gone/one" in have.deleted
    assert have.items["kept/one"]["state"] == "stale"
    assert have.items["kept/one"]["metadata_sha256"] == before.items["kept/one"]["metadata_sha256"]
    for name in ("kept", "gone"):
        assert [(p["code"], p["severity"], p["line"], p["column"]) for p in have.problems[f"{name}/one.yaml"]] == [
            ("status-unknown", "warning", 3, 9), ("schema-type", "error", 4, 8)]

    for name in ("kept", "gone"):
        scene.checkout.write(f"{name}/one.yaml", good % "one")
    assert told() == (["created gone/one", "updated kept/one"], ["gone/one.yaml", "kept/one.yaml"])
    have = scene.published()
    assert sorted(have.items) == sorted(before.items) and have.problems == {}
    assert have.items["kept/one"]["state"] == "ok"
