"""The oracle by itself: what it says of texts whose meaning is known."""
import hashlib

import pytest

from oracle import canonical, checkout, document, names, published, stream, yamlcore
from oracle.yamlcore import Invalid
from support.checkout import Checkout, skill
from support.layouts import LAYOUTS, lay_out


@pytest.mark.parametrize("value, text", [
    # RFC 8785, appendix B
    (0.0, "0"), (-0.0, "0"), (5e-324, "5e-324"), (-5e-324, "-5e-324"), (1.7976931348623157e308,
     "1.7976931348623157e+308"), (9007199254740992, "9007199254740992"), (295147905179352830000, "295147905179352830000"),
    (9.999999999999997e22, "9.999999999999997e+22"), (1e23, "1e+23"), (1e21, "1e+21"),
    (999999999999999900000, "999999999999999900000"), (9.999999999999997e-7, "9.999999999999997e-7"), (1e-6, "0.000001"),
    (333333333.3333332, "333333333.3333332"), (-0.0000033333333333333333, "-0.0000033333333333333333"),
])
def test_numbers_are_written_as_rfc_8785_says(value, text):
    assert canonical.number(value) == text


def test_canonical_json_sorts_by_code_point_and_escapes_only_what_it_must():
    assert canonical.dumps({"\U0001f600": 1, "\ufb33": 2, "a": "\x07\x7f\u2028\"\\/\n", "A": [None, True]}) == (
        '{"A":[null,true],"a":"\\u0007\x7f\u2028\\"\\\\/\\n","\ufb33":2,"\U0001f600":1}')


@pytest.mark.parametrize("text, value", [
    ("no", "no"), ("on", "on"), ("y", "y"), ("true", True), ("False", False), ("~", None), ("", None), ("null", None),
    ("2020-01-01", "2020-01-01"), ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"), ("=", "="),
    ("012", 12), ("0o17", 15), ("0x1f", 31), ("0b11", "0b11"), ("1_000", "1_000"), ("1:30", "1:30"), ("+1", 1),
    (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("-.inf", float("-inf")), ("'1'", "1"), ('"no"', "no"), ("!!str 1", "1"),
    ("! 1", "1"), ("!!float 1", 1.0),
])
def test_scalars_resolve_by_the_core_schema(text, value):
    loaded = yamlcore.load(f"k: {text}\n")["k"]
    assert loaded == value and isinstance(loaded, type(value))


@pytest.mark.parametrize("text", [
    "a: 1\na: 2\n", "a: !local 1\n", "a: !!timestamp 2020-01-01\n", "a: !!int x\n", "a: *nowhere\n", "--- 1\n--- 2\n",
    "? [a]\n: 1\n", "a: b: c\n", "a: &a [*a]\n", "a: " + "[" * 32 + "]" * 32, "a: [" + "1," * 10000 + "]",
    f"{'k' * 257}: 1\n", f"a: {'x' * 65537}\n",
    "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(6)),
])
def test_what_is_no_manifest_is_refused(text):
    with pytest.raises(Invalid):
        yamlcore.load(text)


def test_an_alias_within_the_budget_is_its_value():
    assert yamlcore.load("a: &x {b: [1]}\nc: *x\n") == {"a": {"b": [1]}, "c": {"b": [1]}}


@pytest.mark.parametrize("text, description", [
    ("# Title\n\nFirst\nline.\n\nSecond.\n", "First line."),
    ("Before.\n\n## Title ##\n\n```\n# no\nno\n```\nAfter.\n", "After."),
    ("# Only a heading\n", "Only a heading"),
    ("Title\n=====\n<!-- no\nno -->\n***\nAfter a rule.\n", "After a rule."),
    ("Only  a\tparagraph.\r\n", "Only a paragraph."),
    ("", None),
])
def test_a_description_comes_from_the_first_paragraph_after_the_first_heading(text, description):
    assert document.describe(text) == description


def test_names_are_encoded_without_loss():
    assert names.encode(b"a%b") == "a%25b"
    assert names.encode("über/猫".encode()) == "über/猫"
    assert names.encode(b"\xff\n\x1b") == "%FF%0A%1B"
    assert names.encode("\u202e\u2028\x85".encode()) == "%E2%80%AE%E2%80%A8%C2%85"


@pytest.mark.parametrize("pattern, path, matches", [
    ("*.md", b"a.md", True), ("*.md", b"b/a.md", False), ("**/*.md", b"a.md", True), ("**/*.md", b"b/c/a.md", True),
    ("b/**", b"b/c/d", True), ("[ab].md", b"b.md", True), ("[!ab].md", b"b.md", False), ("?.md", b"ab.md", False),
])
def test_patterns_match_within_parts(pattern, path, matches):
    assert bool(names.pattern(pattern).fullmatch(path)) == matches


def test_ownership_collisions_and_digests_of_a_small_tree(tmp_path):
    files = Checkout(str(tmp_path)).init()
    files.skill("out")
    files.write("skills/out/notes.md", "n")
    files.write("skills/out/README.md", "r")
    files.write("skills/out/.hidden", "h")
    files.skill("out/in")
    files.write("skills/out/in/x", "x")
    files.write("skills/flat.md", "# Flat\n\nWords.\n")
    files.write("skills/README.md", "no")
    files.write("tools/f.yaml", "name: f\nversion: 1.0\n")
    files.write("tools/f/tool.json", '{"name": "f", "version": 2}')
    files.write("tools/broken.yaml", "a: b: c\n")
    files.write("tools/ignored.yaml", "name: i\n")
    files.write(".gitignore", "ignored.yaml\n")
    files.git("add", "skills")
    files.git("commit", "-q", "-m", "first")
    files.write("skills/flat.md", "# Flat\n\nOther words.\n")
    want = checkout.expected(str(tmp_path))

    assert sorted(want.items) == ["skill/flat", "skill/out", "skill/out/in", "tool/f"]
    assert list(want.broken) == ["tools/broken.yaml"]
    assert want.losers == {"tools/f.yaml": "tools/f/tool.json"}
    assert want.items["skill/flat"]["metadata"] == '{"description":"Other words.","name":"flat"}'
    assert [want.items[k]["git_state"] for k in sorted(want.items)] == [
        "modified", "committed", "committed", "untracked"]
    assert want.items["tool/f"]["version"] == "2"
    digest = hashlib.sha256()
    for name, text in (("README.md", "r"), ("SKILL.md", skill("out")), ("notes.md", "n")):
        digest.update(f"{name}\0{hashlib.sha256(text.encode()).hexdigest()}\n".encode())
    assert want.items["skill/out"]["bundle_sha256"] == digest.hexdigest()
    assert want.items["skill/out"]["files"] == "3"
    assert want.items["skill/out"]["git_blob"] == files.git("rev-parse", "HEAD:skills/out/SKILL.md")


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_oracle_finds_the_items_of_real_collections(name, corpus, tmp_path):
    files = Checkout(str(tmp_path)).init()
    _, collections, number = lay_out(name, corpus, files)
    want = checkout.expected(str(tmp_path), collections)
    assert len(want.items) == number and not want.broken and not want.losers


def event(rev, op="created", key="skill/a", sha="1", before=None, **more):
    type_, id_ = key.split("/", 1)
    data = {"generation": "g", "rev": rev, "type_rev_before": rev - 1, "batch": f"b{rev}", "batch_last": True, "op": op,
            "type": type_, "id": id_, "sha256": sha, "sha256_before": before, **more}
    return canonical.dumps({"specversion": "1.0", "id": f"g.{rev}", "source": "/shelfd/main", "subject": key, "time": "",
                            "type": f"dev.shelfd.item.{op}", "datacontenttype": "application/json", "data": data})


@pytest.mark.parametrize("events, complaint", [
    ([event(1), event(2, "updated", before="1", sha="2"), event(3, "deleted", before="2")], None),
    ([event(1), event(3, "deleted", before="1")], "comes after 1"),
    ([event(1), event(2)], "which is there"),
    ([event(1), event(2, "updated", before="9")], "sha256_before"),
    ([event(1, "deleted")], "which is not there"),
    ([event(1, type_rev_before=7)], "type_rev_before"),
    ([event(1), event(2, key="skill/b", batch="b1")], "goes on after its last"),
    ([event(1, batch_last=False), event(2, key="skill/b")], "had no last event"),
    ([event(1), event(2, key="skill/b"), event(3, key="skill/c", batch="b1")], "comes again"),
    ([event(1, batch_last=False)], "last batch b1 has no last event"),
])
def test_the_stream_checker_finds_what_is_wrong(events, complaint):
    replay = stream.Replay()
    for i, text in enumerate(events, 1):
        replay.feed(None, text)
    replay.finish()
    if complaint is None:
        assert replay.wrong == [] and replay.state == {}
    else:
        assert any(complaint in line for line in replay.wrong), replay.wrong


def test_a_difference_in_any_field_is_found():
    item = {"type": "skill", "id": "a", "sha256": "1", "state": "ok"}
    kept = {"rev": "1", "created_rev": "1", "created_at": "", "updated_at": ""}
    want = checkout.Expected({"skill/a": item}, {}, {})

    def found(**changes):
        have = {k: v for k, v in {**item, **kept, **changes}.items() if v is not None}
        return published.differences(want, published.Published({}, {"skill/a": have}, {}, {}, {}))

    assert found() == []
    assert found(sha256="2") == ["skill/a: sha256 is '2', should be '1'"]
    assert found(state=None) == ["skill/a: state is None, should be 'ok'"]
    assert found(extra="x") == ["skill/a: extra is 'x', should be None"]
    assert found(rev=None) == ["skill/a: rev is missing"]


class LateClient:
    """Between the list of the keys and the transaction that reads them an item goes."""

    def __init__(self, client, key):
        self.client, self.key = client, key

    def scan_iter(self, *words, **options):
        return [*self.client.scan_iter(*words, **options), published.prefix() + "item:" + self.key]

    def pipeline(self, **options):
        return self.client.pipeline(**options)


def test_an_item_that_goes_while_a_catalog_is_read_is_none_and_one_that_is_damaged_is_told(scene):
    scene.checkout.skill("one")
    scene.once()
    have = published.take(LateClient(scene.server.client(), "skill/gone"))
    assert have.items.keys() == {"skill/one"} and not published.inconsistencies(have)
    scene.server.client().hdel(published.prefix() + "item:skill/one", "created_rev")
    have = published.take(scene.server.client())
    assert published.inconsistencies(have) and "skill/one: created_rev is missing" in published.differences(scene.expected(), have)
