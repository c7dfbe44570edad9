"""What is wrong with a manifest is told with its place and its cure, harms no neighbour and takes no time."""
import os
import time

import pytest

import oracle.document
from oracle.published import prefix
from support.checkout import skill
from support.waiting import until

MiB = 1024 * 1024


class Bad:
    """A checkout with one good skill, and what becomes of a bad neighbour."""

    def __init__(self, scene):
        self.scene = scene
        self.checkout = scene.checkout
        self.checkout.skill("good")
        self.path = "skills/bad/SKILL.md"
        os.makedirs(self.checkout.path("skills/bad"))

    def problem(self, content=None, path=None):
        """Publishes and returns the one error of the bad manifest; the good one is there, the bad one is not."""
        path = path or self.path
        if content is not None:
            self.checkout.write(path, content)
        started = time.monotonic()
        done = self.scene.once()
        assert time.monotonic() - started < 10
        have = self.scene.check()
        assert list(have.items) == ["skill/good"]
        errors = [p for p in have.problems[path] if p["severity"] == "error"]
        assert len(errors) == 1, errors
        assert " 1 errors in" in done.stdout
        assert f"{path}:" in done.stderr and errors[0]["code"] in done.stderr
        return errors[0]


@pytest.fixture
def bad(scene):
    return Bad(scene)


def test_broken_yaml_is_told_with_line_and_column(bad):
    problem = bad.problem("---\nname: bad\ndescription: [unclosed\n---\n")
    assert problem["code"] == "yaml-syntax"
    assert problem["line"] in (3, 4) and problem["column"] >= 1 and problem["message"]


def test_an_unquoted_colon_is_told_with_the_cure(bad):
    problem = bad.problem("---\nname: bad\ndescription: Use when: the user asks\n---\n")
    assert problem["code"] == "yaml-unquoted-colon"
    assert (problem["line"], problem["column"]) == (3, 22)
    assert "quote" in problem["message"] + problem["hint"]
    assert "Use when: the user asks" in problem["message"] + problem["hint"]


def test_a_tab_as_indentation_is_told(bad):
    problem = bad.problem("---\nname: bad\nmetadata:\n\tversion: 1\n---\n")
    assert problem["code"] == "yaml-syntax" and problem["line"] == 4


def test_unclosed_front_matter_is_told(bad):
    problem = bad.problem("---\nname: bad\ndescription: never closed\n\n# Bad\n")
    assert problem["code"] == "frontmatter-not-closed"
    assert "---" in problem["message"] + problem["hint"]


def test_front_matter_that_is_no_mapping_is_told(bad):
    assert bad.problem("---\n- a\n- b\n---\n")["code"] == "not-a-mapping"


def test_a_duplicate_key_is_told_with_both_places(bad):
    problem = bad.problem("---\nname: bad\ndescription: a\nname: worse\n---\n")
    assert problem["code"] == "yaml-duplicate-key" and problem["line"] == 4
    assert "name" in problem["message"] and "2" in problem["message"]


def test_a_file_of_2_mib_is_told_with_both_sizes(bad):
    problem = bad.problem(skill("bad", body="x" * 2 * MiB))
    assert problem["code"] == "too-large"
    assert "1 MiB" in problem["message"] or "1048576" in problem["message"]


def test_a_file_of_just_1_mib_is_a_manifest(bad):
    head = skill("bad", body="")
    bad.checkout.write(bad.path, head + "x" * (MiB - len(head)))
    bad.scene.once()
    assert bad.scene.check().items["skill/bad"]["size"] == str(MiB)


@pytest.mark.parametrize("path, content", [
    ("skills/bad/SKILL.md", "---\nname: bad\nx: " + "[" * 10000 + "]" * 10000 + "\n---\n"),
    ("tools/bad.yaml", "x: " + "[" * 10000 + "]" * 10000 + "\n"),
    ("tools/bad.yaml", "x:\n" + "".join(" " * i + "- \n" for i in range(1, 1000))),
    ("tools/bad.json", '{"x": ' + "[" * 10000 + "]" * 10000 + "}"),
    ("tools/bad.json", '{"x":' * 10000 + "1" + "}" * 10000),
], ids=["front matter", "yaml", "yaml blocks", "json", "json objects"])
def test_a_list_nested_10000_deep_is_told_as_too_deep(bad, path, content):
    problem = bad.problem(content, path)
    assert problem["code"] == "too-deep" and "32" in problem["message"]


def test_an_alias_bomb_is_told_as_too_many_values(bad):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 10) + "]" for i in range(1, 10)]
    problem = bad.problem("---\n" + "\n".join(lines) + "\n---\n")
    assert problem["code"] == "too-many-nodes"
    assert "10,000" in problem["message"] or "10000" in problem["message"]


def test_nul_bytes_are_told_with_their_place(bad):
    problem = bad.problem(b"---\nname: ba\0d\ndescription: nul\n---\n")
    assert problem["code"] == "nul-byte" and problem["line"] == 2


def test_nul_bytes_at_the_end_of_a_file_that_a_crash_left_are_told(bad):
    assert bad.problem(skill("bad").encode() + b"\0" * 4096)["code"] == "nul-byte"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_told_by_its_name(bad, encoding):
    problem = bad.problem(skill("bad").encode(encoding))
    assert problem["code"] == "utf16" and "UTF-16" in problem["message"]


def test_latin_1_is_told_with_the_place_of_the_first_wrong_byte(bad):
    problem = bad.problem("---\nname: bad\ndescription: café\n---\n".encode("latin-1"))
    assert problem["code"] == "not-utf8" and (problem["line"], problem["column"]) == (3, 17)


def test_a_fifo_named_skill_md_never_blocks_and_is_told(bad):
    os.mkfifo(bad.checkout.path(bad.path))
    assert bad.problem()["code"] == "not-regular"


def test_a_fifo_that_appears_under_a_running_shelfd_never_blocks_it(bad):
    daemon = bad.scene.daemon().start()
    os.mkfifo(bad.checkout.path(bad.path))
    bad.checkout.skill("good", "Edited behind the pipe.")
    bad.scene.settle(daemon)
    assert bad.scene.published().problems[bad.path][0]["code"] == "not-regular"


def everything(client):
    """All of Redis as one text."""
    out = []
    for key in client.keys("*"):
        kind = client.type(key)
        out.append({"hash": client.hgetall, "string": client.get, "stream": client.xrange,
                    "zset": lambda k: client.zrange(k, 0, -1)}[kind](key))
    return repr(out)


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../outside", "nowhere", "SKILL.md"])
def test_a_symbolic_link_is_never_read_and_is_told(bad, target):
    with open(os.path.join(bad.scene.folder, "outside"), "w", encoding="utf-8") as file:
        file.write(skill("root:outside"))
    os.symlink(target, bad.checkout.path(bad.path))
    problem = bad.problem()
    assert problem["code"] == "symlink"
    assert "root:" not in everything(bad.scene.server.client())


def test_a_symbolic_link_to_a_pipe_outside_is_never_opened(bad):
    pipe = os.path.join(bad.scene.folder, "pipe")
    os.mkfifo(pipe)
    os.symlink(pipe, bad.checkout.path(bad.path))
    assert bad.problem()["code"] == "symlink"


def test_a_symbolic_link_to_a_folder_is_not_entered(bad):
    outside = os.path.join(bad.scene.folder, "outside")
    os.makedirs(outside + "/inner")
    with open(outside + "/inner/SKILL.md", "w", encoding="utf-8") as file:
        file.write(skill("inner"))
    os.symlink(outside, bad.checkout.path("skills/link"))
    os.symlink("..", bad.checkout.path("skills/loop"))
    bad.scene.once()
    assert list(bad.scene.check().items) == ["skill/good"]


def test_a_symbolic_link_in_a_bundle_counts_by_its_target(bad):
    os.symlink("/etc/passwd", bad.checkout.path("skills/good/link"))
    bad.scene.once()
    have = bad.scene.check()
    assert have.items["skill/good"]["files"] == "2"
    before = have.items["skill/good"]["bundle_sha256"]
    bad.checkout.remove("skills/good/link")
    os.symlink("/etc/group", bad.checkout.path("skills/good/link"))
    bad.scene.once()
    assert bad.scene.check().items["skill/good"]["bundle_sha256"] != before


def test_a_name_that_is_not_utf_8_is_an_item_with_an_encoded_id(bad):
    folder = os.path.join(os.fsencode(bad.checkout.root), b"skills", b"caf\xe9")
    os.makedirs(folder)
    with open(folder + b"/SKILL.md", "wb") as file:
        file.write(skill("cafe").encode())
    bad.scene.once()
    have = bad.scene.check()
    assert have.items["skill/caf%E9"]["path"] == "skills/caf%E9/SKILL.md"


def test_a_bad_manifest_with_a_hostile_name_can_not_touch_the_terminal(bad):
    folder = os.path.join(os.fsencode(bad.checkout.root), b"skills", b"\x1b[31mred\xff")
    os.makedirs(folder)
    with open(folder + b"/SKILL.md", "wb") as file:
        file.write(b"---\nname: [\x1b[31m\n---\n")
    done = bad.scene.once()
    assert "\x1b" not in done.stderr + done.stdout
    assert list(bad.scene.published().problems) == ["skills/%1B[31mred%FF/SKILL.md"]


def test_conflict_markers_keep_the_last_good_version(bad):
    files = bad.checkout
    files.commit("base")
    files.git("checkout", "-q", "-b", "left")
    files.skill("good", "Left.")
    files.commit("left")
    files.git("checkout", "-q", "main")
    files.skill("good", "Right.")
    files.commit("right")
    daemon = bad.scene.daemon().start()
    good = bad.scene.published().items["skill/good"]
    files.git("merge", "-q", "left", check=False)
    assert "<<<<<<<" in files.read("skills/good/SKILL.md")
    bad.scene.settle(daemon, stale={"skill/good": good})
    problems = bad.scene.published().problems["skills/good/SKILL.md"]
    assert [p["code"] for p in problems] == ["conflict-markers"] and problems[0]["line"] >= 1
    files.skill("good", "Both.")
    files.commit("merged")
    bad.scene.settle(daemon)


@pytest.mark.parametrize("path, content, code", [
    ("tools/bad.json", '{"name": "a", "name": "b"}', "json-duplicate-key"),
    ("tools/bad.json", "{'name': 'a'}", "json-syntax"),
    ("tools/bad.json", '{"name": NaN}', "json-syntax"),
    ("tools/bad.json", '{"name": "\\ud800"}', "json-syntax"),
    ("mcps/bad.json", "[]", "not-a-mapping"),
    ("tools/bad.json", '["a"]', "not-a-mapping"),
    ("tools/bad.json", "", "json-syntax"),
    ("tools/bad.yaml", "", "not-a-mapping"),
    ("tools/bad.yaml", "name: a\n---\nname: b\n", "yaml-documents"),
    ("tools/bad.yaml", "name: !python/object:os.system ls\n", "yaml-tag"),
    ("tools/bad.yaml", "name: *missing\n", "yaml-alias"),
    ("tools/bad.yaml", "a: &a [*a]\n", "yaml-alias"),
    ("tools/bad.yaml", "? [a, b]\n: c\n", "yaml-key"),
    ("tools/bad.yaml", f"{'k' * 300}: 1\n", "key-too-long"),
    ("tools/bad.yaml", f"x: {'y' * 70000}\n", "scalar-too-long"),
    ("tools/bad.yaml", "x: [" + "1, " * 10001 + "]\n", "too-many-nodes"),
    ("tools/bad.yaml", "name: 2024\n", "name-type"),
    ("tools/bad.yaml", "name: a\ndescription: [a]\n", "description-type"),
    ("skills/bad/SKILL.md", "---\nname: bad\nmanual: |\n" + "  line\n" * 12000 + "---\n", "frontmatter-too-large"),
    ("skills/SKILL.md", skill("root"), "id-empty"),
])
def test_each_mistake_has_its_code(bad, path, content, code):
    problem = bad.problem(content, path)
    assert problem["code"] == code and problem["message"]


def test_a_missing_id_is_told_where_the_collection_takes_it_from_the_document(scene):
    scene.checkout.write("caps/a.yaml", "metadata: {title: a}\n")
    scene.checkout.write("caps/b.yaml", "metadata: {id: b}\n")
    daemon = scene.daemon(collections=[{"type": "cap", "path": "caps", "flat": ["*.yaml"], "id_from": "/metadata/id"}])
    scene.shelfd("-c", daemon.config, "--once", check=0)
    have = scene.published()
    assert list(have.items) == ["cap/b"]
    assert [p["code"] for p in have.problems["caps/a.yaml"]] == ["id-missing"]


def test_the_strict_profile_makes_errors_of_the_rules(scene):
    scene.checkout.write("skills/Wrong_Name/SKILL.md", skill("other"))
    daemon = scene.daemon(profile="strict")
    scene.shelfd("-c", daemon.config, "--once", check=0)
    have = scene.published()
    assert have.items == {}
    assert "skill-name-folder" in [p["code"] for p in have.problems["skills/Wrong_Name/SKILL.md"]
                                   if p["severity"] == "error"]


def test_rules_choose_what_becomes_of_single_codes(scene):
    bad = skill("other", status="odd", author="Ada")
    for folder in ("skills", "agents"):
        scene.checkout.write(f"{folder}/one/SKILL.md", bad)
    daemon = scene.daemon(profile="strict", rules={"skill-name-folder": "off", "skill-unknown-key": "note"}, collections=[
        {"type": "skill", "path": "skills", "entry": ["SKILL.md"], "schema": "skill"},
        {"type": "agent", "path": "agents", "entry": ["SKILL.md"], "schema": "skill",
         "rules": {"skill-name-folder": "warning", "status-unknown": "error"}}]).start()

    def seen(folder):
        return [(p["code"], p["severity"]) for p in scene.published().problems[f"{folder}/one/SKILL.md"]]

    assert list(scene.published().items) == ["skill/one"]
    assert seen("skills") == [("skill-unknown-key", "note"), ("status-unknown", "warning"), ("skill-unknown-key", "note")]
    assert seen("agents") == [("skill-name-folder", "warning"), ("skill-unknown-key", "note"), ("status-unknown", "error"),
                              ("skill-unknown-key", "note")]

    daemon.configure(rules={"skill-name-folder": "error"})
    daemon.send(1)
    until("the skill is stale", lambda: scene.published().items["skill/one"]["state"] == "stale")
    daemon.barrier()
    assert ("skill-name-folder", "error") in seen("skills")
    assert ("skill-unknown-key", "error") in seen("agents")


def test_on_invalid_withdraw_takes_a_broken_item_away(scene):
    scene.checkout.skill("one")
    scene.checkout.skill("two")
    daemon = scene.daemon(on_invalid="withdraw").start()
    scene.checkout.write("skills/one/SKILL.md", "---\nname: [\n---\n")
    have = scene.settle(daemon)
    assert list(have.items) == ["skill/two"] and have.deleted == {"skill/one": 3}


def test_a_manifest_that_was_never_good_is_no_item(bad):
    daemon = bad.scene.daemon().start()
    bad.checkout.write(bad.path, "---\nname: [\n---\n")
    have = bad.scene.settle(daemon)
    assert "skill/bad" not in have.items and bad.path in have.problems


def test_byte_order_mark_and_crlf_are_no_mistake(bad):
    bad.checkout.write(bad.path, b"\xef\xbb\xbf" + skill("bad").replace("\n", "\r\n").encode())
    bad.checkout.write("tools/bom.yaml", b"\xef\xbb\xbfname: bom\r\ndescription: d\r\n")
    bad.checkout.write("tools/bom2.json", b'\xef\xbb\xbf{"name": "bom2"}\r\n')
    bad.scene.once()
    have = bad.scene.check()
    assert have.items["skill/bad"]["name"] == "bad"


def test_a_skill_without_front_matter_takes_its_name_from_the_path(bad):
    bad.checkout.write(bad.path, "# Title\n\nFirst\nparagraph.\n\nSecond.\n")
    bad.scene.once()
    have = bad.scene.check()
    assert have.items["skill/bad"]["name"] == "bad" and have.items["skill/bad"]["description"] == "First paragraph."
    assert [p["code"] for p in have.problems[bad.path]] == ["frontmatter-missing"]
    assert have.problems[bad.path][0]["severity"] == "warning"


def test_the_last_item_of_many_problems_is_not_lost_in_redis(bad):
    for i in range(300):
        bad.checkout.write(f"skills/b{i}/SKILL.md", "---\nname: [\n---\n")
    done = bad.scene.once()
    assert " 300 errors in" in done.stdout
    assert bad.scene.server.client().hlen(prefix() + "problems") == 300
    assert bad.scene.check().head["problems"] == "300"


def test_sixteen_bit_text_is_no_manifest_for_the_oracle_either():
    with pytest.raises(oracle.document.Invalid):
        oracle.document.decode(skill("x").encode("utf-16"))
