"""shelfctl parse: what shelfd would make of a file, against the oracle. No daemon, no Redis."""
import hashlib
import json
import os

import pytest

import oracle.checkout
from support.checkout import Checkout, skill
from support.ctl import shelfctl
from support.layouts import lay_out


@pytest.fixture
def checkout(folder):
    return Checkout(os.path.join(folder, "checkout"))


def parse(checkout, *arguments, check=0, **options):
    return json.loads(shelfctl(checkout.root, "parse", "--json", *arguments, check=check, **options).stdout)


def assert_as_expected(checkout, expected, seen):
    key = f"{seen['type']}/{seen['id']}"
    item = dict(expected.items[key])
    for field in ("source", "state", "git_state"):  # what only the daemon knows
        item.pop(field, None)
    for field, value in item.items():
        have = seen[field]
        if field in ("metadata", "tags", "dependencies"):
            value = json.loads(value)
        assert (str(have) if field in ("size", "files") else have) == value, (key, field)
    assert set(seen) - set(item) == {"ok", "problems"}


@pytest.mark.parametrize("name", ["skills-wshobson", "mcps-docker"])
def test_real_files_are_parsed_as_the_oracle_says(checkout, corpus, name):
    lay_out(name, corpus, checkout)
    expected = oracle.checkout.expected(checkout.root)
    for item in list(expected.items.values())[::9]:
        assert_as_expected(checkout, expected, parse(checkout, item["path"]))


def test_the_bundle_counts_with_all_its_files(checkout):
    checkout.skill("pdf", tags="[a, b]", version="1.0")
    checkout.write("skills/pdf/scripts/fill.py", "x" * 3_000_000)
    checkout.write("skills/pdf/README.md", "read me")
    checkout.write("skills/pdf/.hidden", "not counted")
    os.symlink("README.md", checkout.path("skills/pdf/link"))
    checkout.write("skills/pdf/inner/SKILL.md", skill("inner"))
    checkout.write("skills/other.md", skill("other"))
    checkout.write("tools/format/js.yaml", "name: js\ndescription: d\ndependencies: [mcp/wiki]\n")
    expected = oracle.checkout.expected(checkout.root)
    for path in ("skills/pdf/SKILL.md", "skills/pdf/inner/SKILL.md", "skills/other.md", "tools/format/js.yaml"):
        seen = parse(checkout, path)
        assert_as_expected(checkout, expected, seen)
        assert seen["ok"] is True
    assert parse(checkout, "skills/pdf/SKILL.md")["files"] == 4


def test_text_shows_digests_and_canonical_metadata(checkout):
    checkout.write("tools/js.yaml", "version: 1.10\nname: js\ndescription: d\nb: {z: 1.0, a: ~}\n")
    text = shelfctl(checkout.root, "parse", "tools/js.yaml", check=0).stdout
    assert text.startswith("tool/js\n")
    for line in ("version          1.10", "path             tools/js.yaml",
                 'metadata         {"b":{"a":null,"z":1},"description":"d","name":"js","version":1.1}'):
        assert f"\n  {line}\n" in text


def test_an_error_is_exit_5_with_its_problem_and_the_digests_of_the_bytes(checkout):
    content = "---\nname: broken\ndescription: a: b\n---\n"
    checkout.write("skills/broken/SKILL.md", content)
    seen = parse(checkout, "skills/broken/SKILL.md", check=5)
    assert seen["ok"] is False and "metadata" not in seen
    assert seen["sha256"] == hashlib.sha256(content.encode()).hexdigest()
    assert [(p["code"], p["line"], p["column"]) for p in seen["problems"]] == [("yaml-unquoted-colon", 3, 15)]
    text = shelfctl(checkout.root, "parse", "skills/broken/SKILL.md", check=5).stdout
    assert "\nskills/broken/SKILL.md:3:15: error: " in text


def test_strict_makes_rules_errors(checkout):
    checkout.write("skills/pdf/SKILL.md", skill("other"))
    assert parse(checkout, "skills/pdf/SKILL.md")["problems"][0]["severity"] == "warning"
    assert parse(checkout, "--strict", "skills/pdf/SKILL.md", check=5)["problems"][0]["severity"] == "error"


def test_the_loser_of_an_id_is_told_so(checkout):
    checkout.write("tools/js.yaml", "name: js\ndescription: d\n")
    checkout.write("tools/js/tool.yaml", "name: js\ndescription: d\n")
    assert [p["code"] for p in parse(checkout, "tools/js.yaml", check=5)["problems"]] == ["duplicate-id"]
    assert parse(checkout, "tools/js/tool.yaml")["problems"] == []


def test_a_file_that_is_no_manifest_is_a_failure(checkout):
    checkout.skill("pdf")
    checkout.write("skills/pdf/forms.md", skill("forms"))
    done = shelfctl(checkout.root, "parse", "skills/pdf/forms.md", check=1)
    assert "no manifest" in done.stderr and done.stdout == ""
    assert parse(checkout, "--type", "skill", "skills/pdf/forms.md")["id"] == "forms"


@pytest.mark.parametrize("path, code", [("skills/none/SKILL.md", 1), ("skills", 2)])
def test_what_cannot_be_parsed_is_said(checkout, path, code):
    checkout.skill("pdf")
    assert path in shelfctl(checkout.root, "parse", path, check=code).stderr


def test_a_lone_bundle_has_its_digest_too(folder):
    outside = Checkout(os.path.join(folder, "outside"))
    outside.write("pdf/SKILL.md", skill("pdf"))
    outside.write("pdf/forms.md", "more")
    inside = Checkout(os.path.join(folder, "inside"))
    inside.write("skills/pdf/SKILL.md", skill("pdf"))
    inside.write("skills/pdf/forms.md", "more")
    lone, there = parse(outside, "pdf/SKILL.md"), parse(inside, "skills/pdf/SKILL.md")
    assert lone.pop("path") == "pdf/SKILL.md" and there.pop("path") == "skills/pdf/SKILL.md"
    assert lone == there


def test_a_lone_flat_file_has_the_digest_of_its_one_file(folder):
    outside, inside = Checkout(os.path.join(folder, "outside")), Checkout(os.path.join(folder, "inside"))
    outside.write("js.yaml", "name: js\ndescription: d\n")
    inside.write("tools/js.yaml", "name: js\ndescription: d\n")
    lone, there = parse(outside, "--type", "tool", "js.yaml"), parse(inside, "tools/js.yaml")
    assert lone.pop("path") == "js.yaml" and there.pop("path") == "tools/js.yaml"
    assert lone == there


@pytest.mark.parametrize("arguments, text", [
    (["--type", "tool"], "name: js\ndescription: d\n"),
    (["--type", "tool", "--format", "json"], '{"name": "js", "description": "d"}'),
    (["--type", "tool", "--format", "markdown"], "---\nname: js\ndescription: d\n---\n"),
    (["--type", "mcp"], '{"name": "js", "description": "d"}'),
    (["--type", "skill"], "---\nname: js\ndescription: d\n---\n"),
])
def test_standard_input_with_a_type_and_a_format(checkout, arguments, text):
    seen = parse(checkout, *arguments, "-", stdin=text.encode())
    assert seen["metadata"] == {"name": "js", "description": "d"}
    assert seen["sha256"] == hashlib.sha256(text.encode()).hexdigest()


def test_too_much_standard_input_is_a_finding(checkout):
    seen = parse(checkout, "--type", "tool", "-", stdin=b"x" * (2 << 20), check=5)
    assert [p["code"] for p in seen["problems"]] == ["too-large"]


def test_escapes_in_a_manifest_do_not_reach_the_terminal(checkout):
    checkout.write("tools/js.yaml", 'name: "\\e[2J"\ndescription: "\\u202ed"\n"\\x9b": 1\n')
    text = shelfctl(checkout.root, "parse", "tools/js.yaml").stdout
    assert not set(text) & set("\x1b\u202e\x9b")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_member_that_cannot_be_read_leaves_the_digest_out(checkout):
    checkout.skill("pdf")
    checkout.write("skills/pdf/secret", "x")
    os.chmod(checkout.path("skills/pdf/secret"), 0)
    done = shelfctl(checkout.root, "parse", "--json", "skills/pdf/SKILL.md", check=0)
    assert "bundle_sha256" not in json.loads(done.stdout) and "cannot be read" in done.stderr
