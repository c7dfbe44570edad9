"""shelfctl validate: JSON Schema from outside. No daemon, no Redis."""
import json
import os
import pathlib
import random

import pytest

import oracle.jsonschema
from support.ctl import shelfctl
from support.daemon import sanitized
from support.schemas import Generator

PERSON = """{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "required": ["name", "age"],
  "properties": {
    "name": {"type": "string", "maxLength": 5},
    "age": {"type": "integer", "minimum": 0},
    "kind": {"enum": ["cat", "dog"]},
    "since": {"format": "date"}
  },
  "additionalProperties": false
}
"""
FORMATS = ["date-time", "date", "time", "email", "hostname", "ipv4", "ipv6", "uri", "uri-reference", "uuid", "regex", "json-pointer"]


@pytest.fixture
def write(folder):
    def write(name, text):
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return name
    write("person.json", PERSON)
    return write


def verdicts(folder, *arguments, check=None, **options):
    done = shelfctl(folder, "validate", "--json", *arguments, check=check, **options)
    return [json.loads(line) for line in done.stdout.splitlines()]


def places(verdict):
    return {(v["keyword"], v["pointer"], v["line"], v["column"]) for v in verdict["violations"]}


class Suite:
    """
    The public JSON-Schema-Test-Suite, a group at a time: its schema and its documents as files. With sanitizers only
    some of the groups: the unit test has them all.
    """

    def __init__(self, folder, corpus, draft):
        self.folder, self.draft = folder, draft
        self.root = corpus / "suites" / "JSON-Schema-Test-Suite"
        if not self.root.is_dir():
            pytest.skip(f"no {self.root}")
        self.wrong, self.right, self.groups = [], 0, 0
        self.every = 10 if sanitized() else 1
        remotes = pathlib.Path(folder, "remotes")
        remotes.mkdir()
        for entry in (self.root / "remotes").iterdir():
            if entry.name == draft or not (entry.name.startswith("draft") or entry.name == "v1"):
                (remotes / entry.name).symlink_to(entry)

    def run(self, path, *options):
        for group in json.loads((self.root / "tests" / self.draft / path).read_text(encoding="utf-8")):
            self.groups += 1
            if self.groups % self.every != 0:
                continue
            pathlib.Path(self.folder, "schema.json").write_text(json.dumps(group["schema"]), encoding="utf-8")
            names = [f"{i}.json" for i in range(len(group["tests"]))]
            for name, test in zip(names, group["tests"]):
                pathlib.Path(self.folder, name).write_text(json.dumps(test["data"]), encoding="utf-8")
            seen = verdicts(self.folder, "--schema", "schema.json", "--schemas", "http://localhost:1234/=remotes", *options,
                            "--draft", "7" if self.draft == "draft7" else "2020-12", *names)
            assert [one["file"] for one in seen] == names, (path, group["description"], seen)
            for one, test in zip(seen, group["tests"]):
                if one["valid"] is test["valid"] and bool(one["violations"]) is not test["valid"]:
                    self.right += 1
                else:
                    self.wrong.append((path, group["description"], test["description"]))


@pytest.mark.parametrize("draft, count", [("draft2020-12", 1299), ("draft7", 927)])
def test_the_required_tests_of_the_public_suite_are_decided_as_it_says(folder, corpus, draft, count):
    suite = Suite(folder, corpus, draft)
    for path in sorted((suite.root / "tests" / draft).glob("*.json")):
        suite.run(path.name)
    print(f"{draft}: {suite.right} right, {len(suite.wrong)} wrong")
    assert suite.wrong == []
    assert suite.every > 1 or suite.right >= count


@pytest.mark.parametrize("draft", ["draft2020-12", "draft7"])
def test_the_formats_of_the_public_suite_are_decided_as_it_says(folder, corpus, draft):
    suite = Suite(folder, corpus, draft)
    for name in FORMATS:
        if (suite.root / "tests" / draft / "optional" / "format" / f"{name}.json").exists():
            suite.run(f"optional/format/{name}.json", "--formats")
    print(f"{draft}: {suite.right} right, {len(suite.wrong)} wrong")
    assert suite.right >= 0.95 * (suite.right + len(suite.wrong))


@pytest.mark.parametrize("seed", range(2))
def test_random_schemas_are_decided_as_the_oracle_says(folder, write, seed):
    generator = Generator(random.Random(seed))
    decided = set()
    for _ in range(30):
        schema, documents = generator.document(), [generator.value() for _ in range(25)]
        write("schema.json", json.dumps(schema))
        names = [write(f"{i}.json", json.dumps(document)) for i, document in enumerate(documents)]
        seen = [one["valid"] for one in verdicts(folder, "--schema", "schema.json", *names)]
        expected = [oracle.jsonschema.is_valid(schema, document) for document in documents]
        assert seen == expected, (schema, [d for d, s, e in zip(documents, seen, expected) if s != e][:1])
        decided |= set(seen)
    assert decided == {True, False}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_violation_stands_where_the_value_is(folder, write, end):
    lines = ["# größer 日本語", "name: 'äöü'", "kind: {}", "\"größe 日本\": 1", "age: 'x'"]
    write("a.yaml", end.join(lines) + end)
    write("a.md", end.join(["---", *lines, "---", "Text"]) + end)
    write("a.json", end.join(['{', '"name": "äöü",', '"größe": 1, "age": "x", "kind": {}', '}']))
    yaml, markdown, jsons = verdicts(folder, "--schema", "person.json", "a.yaml", "a.md", "a.json", check=5)
    assert places(yaml) == {("enum", "/kind", 3, 7), ("additionalProperties", "/größe 日本", 4, 1), ("type", "/age", 5, 6)}
    assert places(markdown) == {("enum", "/kind", 4, 7), ("additionalProperties", "/größe 日本", 5, 1), ("type", "/age", 6, 6)}
    assert places(jsons) == {("additionalProperties", "/größe", 3, 1), ("type", "/age", 3, 20), ("enum", "/kind", 3, 33)}


def test_text_has_the_line_of_the_source_and_a_suggestion(folder, write):
    write("a.yaml", "name: Anna\naeg: 5\nkind: dgo\n")
    text = shelfctl(folder, "validate", "--schema", "person.json", "a.yaml", check=5).stdout
    assert 'a.yaml:1:1: error: the key "age" is missing; add it [required]\n' in text
    assert 'a.yaml:2:1: error: /aeg: the key "aeg" is not allowed here; did you mean "age"? [additionalProperties]\n' in text
    assert 'a.yaml:3:7: error: /kind: must be "cat" or "dog", not "dgo"; did you mean "dog"? [enum]\n' in text
    assert "\n    3 | kind: dgo\n      |       ^\n" in text


def test_valid_documents_are_said_to_be_valid(folder, write):
    write("a.yaml", "name: Anna\nage: 5\nsince: soon\n")
    done = shelfctl(folder, "validate", "--schema", "person.json", "a.yaml", check=0)
    assert done.stdout == "" and "1 file: 1 valid, 0 invalid" in done.stderr
    assert verdicts(folder, "--schema", "person.json", "a.yaml", check=0) == [{"file": "a.yaml", "valid": True, "violations": []}]
    (one,) = verdicts(folder, "--schema", "person.json", "--formats", "a.yaml", check=5)
    assert places(one) == {("format", "/since", 3, 8)}


def test_standard_input_is_json_or_what_format_says(folder, write):
    assert verdicts(folder, "--schema", "person.json", "-", stdin=b'{"name": "A", "age": 1}', check=0)[0]["valid"] is True
    assert verdicts(folder, "--schema", "person.json", "--format", "yaml", "-", stdin=b"name: A\nage: -1\n", check=5)[0]["valid"] is False
    done = shelfctl(folder, "validate", "--schema", "person.json", "--format", "toml", "-", stdin=b"", check=2)
    assert "markdown, yaml or json was expected" in done.stderr


def test_a_document_that_does_not_parse_is_invalid(folder, write):
    write("a.yaml", "name: [\n")
    write("b.md", "no front matter\n")
    write("c.json", '{"name": "A", "age": 1}')
    broken, plain, good = verdicts(folder, "--schema", "person.json", "a.yaml", "b.md", "c.json", check=5)
    assert broken["valid"] is plain["valid"] is False and good["valid"] is True
    assert broken["violations"] == [] and broken["problems"][0]["code"] == "yaml-syntax"
    assert plain["problems"][0]["code"] == "frontmatter-missing"


def test_a_file_that_can_not_be_read_is_a_failure_and_the_others_are_checked(folder, write):
    write("c.json", '{"name": "A", "age": 1}')
    done = shelfctl(folder, "validate", "--schema", "person.json", "none.json", "c.json", check=1)
    assert "none.json: No such file" in done.stderr and "1 file: 1 valid" in done.stderr


def test_a_broken_schema_is_told_by_its_own_lines(folder, write):
    write("bad.json", '{\n  "type": "strin",\n  "$ref": "#/none",\n  "pattern": "(["\n}\n')
    write("a.json", "{}")
    done = shelfctl(folder, "validate", "--schema", "bad.json", "a.json", check=1)
    assert 'bad.json:2:11: error: /type: must be ' in done.stdout and 'did you mean "string"?' in done.stdout
    assert "bad.json:3:11: error: /$ref: #/none leads nowhere" in done.stdout
    assert "bad.json:4:14: error: /pattern: the pattern ([ can not be used" in done.stdout
    (one,) = verdicts(folder, "--schema", "bad.json", "a.json", check=1)
    assert one["file"] == "bad.json" and one["valid"] is False and len(one["violations"]) >= 3
    write("not.json", "{")
    assert "not.json:1:2: " in shelfctl(folder, "validate", "--schema", "not.json", "a.json", check=1).stderr


def test_a_broken_schema_that_another_refers_to_is_told_by_its_file(folder, write):
    write("schemas/main.json", '{"properties": {"a": {"$ref": "part.json"}},\n "type": 1}')
    write("schemas/part.json", '{\n\n  "minLength": "x"}')
    write("a.json", "{}")
    done = shelfctl(folder, "validate", "--schemas", "schemas", "--schema", "schemas/part.json", "a.json", check=1)
    assert "schemas/part.json:3:16: error: /minLength: must be an integer" in done.stdout
    done = shelfctl(folder, "validate", "--schemas", "schemas", "--schema", "schemas/main.json", "a.json", check=1)
    assert "schemas/main.json:2:10: error: /type: " in done.stdout
    write("schemas/main.json", '{"properties": {"a": {"$ref": "part.json"}}}')
    seen = verdicts(folder, "--schemas", "schemas", "--schema", "schemas/main.json", "a.json", check=1)
    assert [(one["file"], [v["line"] for v in one["violations"]]) for one in seen] == [("schemas/part.json", [3])]


def test_a_fragment_chooses_a_schema_in_a_file(folder, write):
    write("all.json", '{"$defs": {"a": {"type": "string"}, "b": {"$anchor": "b", "type": "number"}}}')
    write("one.json", "1")
    assert verdicts(folder, "--schema", "all.json#/$defs/a", "one.json", check=5)[0]["valid"] is False
    assert verdicts(folder, "--schema", "all.json#b", "one.json", check=0)[0]["valid"] is True
    done = shelfctl(folder, "validate", "--schema", "all.json#/none", "one.json", check=1)
    assert "all.json: error: there is nothing at /none" in done.stdout


def test_references_lead_to_files_of_the_folder_by_path_and_by_id(folder, write):
    write("schemas/main.json", '{"properties": {"a": {"$ref": "parts/number.yaml"}, "b": {"$ref": "https://example.org/word"}}}')
    write("schemas/parts/number.yaml", "type: integer\n")
    write("schemas/parts/word one.json", '{"$id": "https://example.org/word", "type": "string"}')
    write("schemas/broken.json", "{")
    write("a.json", '{"a": "x", "b": 1}')
    done = shelfctl(folder, "validate", "--schemas", "schemas", "--schema", "schemas/main.json", "--json", "a.json", check=5)
    (one,) = [json.loads(line) for line in done.stdout.splitlines()]
    base = "file://" + os.path.realpath(folder)
    assert {(v["pointer"], v["schema"]) for v in one["violations"]} == {
        ("/a", f"{base}/schemas/parts/number.yaml#/type"), ("/b", f"{base}/schemas/parts/word%20one.json#/type")}
    assert "schemas/broken.json:1:2: " in done.stderr and "left out" in done.stderr
    assert verdicts(folder, "--schemas", "schemas", "--schema", "https://example.org/word", "a.json", check=5)[0]["valid"] is False
    lost = shelfctl(folder, "validate", "--schema", "schemas/main.json", "a.json", check=1)
    assert "nothing is fetched" in lost.stdout


def test_a_schema_and_a_document_that_would_take_for_ever_end_soon(folder, write):
    write("slow.json", '{"$defs": {"a": {"allOf": [%s]}}, "$ref": "#/$defs/a"}' % ", ".join(['{"items": {"$ref": "#/$defs/a"}}'] * 50))
    write("a.json", "[" * 30 + "]" * 30)
    (one,) = verdicts(folder, "--schema", "slow.json", "a.json", check=5)
    assert one["valid"] is None and "too many steps" in one["violations"][0]["message"]
    write("pattern.json", '{"pattern": "^(a+)+$"}')
    write("b.json", '"%s!"' % ("a" * 5000))
    (one,) = verdicts(folder, "--schema", "pattern.json", "b.json", check=5)
    assert one["valid"] is None and "pattern" in one["violations"][0]["message"]


@pytest.mark.parametrize("arguments, words", [
    (["a.json"], "needs --schema"),
    (["--schema", "person.json", "--draft", "4", "a.json"], "7 or 2020-12 was expected"),
    (["--schema", "person.json"], "usage: shelfctl validate"),
])
def test_wrong_usage(folder, write, arguments, words):
    assert words in shelfctl(folder, "validate", *arguments, check=2).stderr


@pytest.fixture
def configured(write):
    """A folder of schemas that a configuration names, and the options that name it."""
    write("own/team/prompt.schema.json", """{"$id": "https://example.org/prompt", "properties": {"when": {"format": "date"}, "who": {"type":
        "string", "description": "who wrote it"}}}""")
    write("own/agent.yaml", "required: [team]\n")
    write("shelfd.yaml", "schemas: own\n")
    return ["--config", "shelfd.yaml"]


def test_a_dialect_is_named_like_a_schema(folder, write):
    write("server.json", '{"name": "org.example/tickets", "description": "x", "version": "^1"}')
    (one,) = verdicts(folder, "--schema", "mcp-server", "server.json", check=5)
    assert [(v["pointer"], v["line"], v["column"]) for v in one["violations"]] == [("/version", 1, 64)]
    write("server.json", '{"name": "org.example/tickets", "description": "x", "version": "1.0.0"}')
    assert verdicts(folder, "--schema", "mcp-server", "server.json", check=0)[0]["valid"] is True
    assert verdicts(folder, "--schema", "agent", "server.json", check=5)[0]["valid"] is False


def test_a_schema_of_the_configured_folder_is_named_by_its_path_or_its_id(folder, write, configured):
    write("a.yaml", "when: soon\nwho: 5\n")
    for name in ("team/prompt", "https://example.org/prompt"):
        (one,) = verdicts(folder, *configured, "--schema", name, "a.yaml", check=5)
        assert places(one) == {("type", "/who", 2, 6)}
        (one,) = verdicts(folder, *configured, "--schema", name, "--formats", "a.yaml", check=5)
        assert places(one) == {("type", "/who", 2, 6), ("format", "/when", 1, 7)}
    assert "put it in quotes" in one["violations"][1]["hint"]
    write("b.yaml", "who: [5]\n")
    (one,) = verdicts(folder, *configured, "--schema", "team/prompt", "b.yaml", check=5)
    assert one["violations"][0]["hint"] == "who wrote it"


def test_a_schema_of_the_user_takes_the_place_of_a_dialect_and_a_file_that_of_both(folder, write, configured):
    write("a.json", '{"team": 1}')
    assert verdicts(folder, *configured, "--schema", "agent", "a.json", check=0)[0]["valid"] is True
    write("agent", "false")
    broken = shelfctl(folder, "validate", *configured, "--schema", "agent", "a.json", check=1)
    assert "agent: a schema is JSON or YAML" in broken.stderr


def test_a_schema_of_the_named_folder_is_named_by_its_path(folder, write):
    write("defs/word.schema.json", '{"type": "string"}')
    write("defs/deep/word.yaml", "type: number\n")
    write("a.json", '"x"')
    assert verdicts(folder, "--schemas", "defs", "--schema", "word", "a.json", check=0)[0]["valid"] is True
    assert verdicts(folder, "--schemas", "https://example.org/=defs", "--schema", "deep/word", "a.json", check=5)[0]["valid"] is False


@pytest.mark.parametrize("name, words", [
    ("mcp-sever", "there is no file mcp-sever, and no schema has the name mcp-sever; did you mean mcp-server?"),
    ("team/promt", "did you mean team/prompt?"),
    ("./none.json", "there is no file ./none.json"),
    ("tool", "tool has rules and no schema; shelfctl lint checks by them"),
])
def test_a_schema_that_is_not_there_is_told_with_what_is_near(folder, write, configured, name, words):
    write("a.json", "{}")
    assert words in shelfctl(folder, "validate", *configured, "--schema", name, "a.json", check=1).stderr


def test_a_folder_of_schemas_that_is_broken_matters_only_to_who_asks_for_it(folder, write, configured):
    write("own/bad.json", "{")
    write("a.json", '{"name": "A", "age": 1}')
    assert verdicts(folder, *configured, "--schema", "person.json", "a.json", check=0)[0]["valid"] is True
    assert "bad.json: 1:2: " in shelfctl(folder, "validate", *configured, "--schema", "agent", "a.json", check=1).stderr
