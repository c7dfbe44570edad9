"""shelfctl lint --fix: shown first, then written, or left alone."""
import json
import os
import stat

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from support.checkout import Checkout
from support.ctl import shelfctl
from support.daemon import SHELFCTL, run
from test_ctl_lint_formats import on_terminal

COLON = "---\nname: a\ndescription: Use when: x\n---\n\nBody.\n"
QUOTED = COLON.replace("Use when: x", '"Use when: x"')


@pytest.fixture
def checkout(folder):
    return Checkout(os.path.join(folder, "checkout"))


def lint(checkout, *arguments, **options):
    return shelfctl(checkout.root, "lint", *arguments, **options)


def raw(checkout, path):
    with open(checkout.path(path), "rb") as file:
        return file.read()


@pytest.mark.parametrize("path, content, mended", [
    ("skills/a/SKILL.md", COLON, QUOTED),
    ("skills/a/SKILL.md", "\ufeff---\nname: a\ndescription: d\n---\n", "---\nname: a\ndescription: d\n---\n"),
    ("skills/a/SKILL.md", "---\r\nname: a\r\ndescription: d\r\n---\r\n", "---\nname: a\ndescription: d\n---\n"),
    ("skills/a/SKILL.md", "---\nname: a\ndescription: d\nmetadata:\n\tby: me\n---\n",
     "---\nname: a\ndescription: d\nmetadata:\n  by: me\n---\n"),
    ("skills/a/SKILL.md", "---\nname: a\ndescription: d\n\n# A\n", "---\nname: a\ndescription: d\n---\n\n# A\n"),
    ("skills/a/SKILL.md", "\ufeff---\r\nname: a\r\ndescription: when: x\r\nmetadata:\r\n\tby: me\r\n\r\n# A\r\n",
     '---\nname: a\ndescription: "when: x"\nmetadata:\n  by: me\n---\n\n# A\n'),
    ("tools/t.yaml", "name: t\ndescription: a: b\n", 'name: t\ndescription: "a: b"\n'),
    ("mcps/m.json", '\ufeff{"name": "m",\r\n"description": "d"}\r\n', '{"name": "m",\n"description": "d"}\n'),
])
def test_what_is_safe_is_mended(checkout, path, content, mended):
    checkout.write(path, content)
    shown = lint(checkout, "--fix", check=0)
    assert raw(checkout, path).decode() == mended
    assert shown.stdout.startswith(f"{path}: can be mended") and shown.stderr.startswith("mended 1 file\n1 manifest: 0 errors")
    again = lint(checkout, "--fix", check=0)
    assert again.stdout == "" and raw(checkout, path).decode() == mended


def test_the_diff_is_shown(checkout):
    checkout.write("skills/a/SKILL.md", COLON)
    assert lint(checkout, "--fix", check=0).stdout.splitlines() == [
        "skills/a/SKILL.md: can be mended", "@@ -1,6 +1,6 @@", " ---", " name: a", "-description: Use when: x",
        '+description: "Use when: x"', " ---", " ", " Body."]


def test_a_dry_run_writes_nothing_and_says_what_is_left(checkout):
    checkout.write("skills/a/SKILL.md", COLON)
    checkout.write("skills/b/SKILL.md", "---\r\nname: b\r\ndescription: d\r\n---\r\n")
    done = lint(checkout, "--fix", "--dry-run", check=5)
    assert '+description: "Use when: x"' in done.stdout and "; lines end with LF instead of CRLF" in done.stdout
    assert done.stderr == "2 manifests: 1 error, 0 warnings, 2 files can be mended\n"
    assert raw(checkout, "skills/a/SKILL.md").decode() == COLON
    assert lint(checkout, "--fix", "--dry-run", "skills/b", check=5).stderr.startswith("1 manifest: 0 errors")


def test_what_can_not_be_mended_is_left_untouched_and_told(checkout):
    broken = "\ufeff---\r\nname: a\r\ndescription: x: y # z\r\n---\r\n"
    checkout.write("skills/a/SKILL.md", broken)
    before = os.stat(checkout.path("skills/a/SKILL.md"))
    done = lint(checkout, "--fix", check=5)
    assert "[yaml-unquoted-colon]" in done.stdout and "can be mended" not in done.stdout
    assert raw(checkout, "skills/a/SKILL.md").decode() == broken
    after = os.stat(checkout.path("skills/a/SKILL.md"))
    assert (after.st_ino, after.st_size, after.st_ctime_ns) == (before.st_ino, before.st_size, before.st_ctime_ns)


def test_only_what_is_named_is_mended(checkout):
    checkout.write("skills/a/SKILL.md", COLON)
    checkout.write("skills/b/SKILL.md", COLON.replace("name: a", "name: b"))
    checkout.write("skills/b/notes.md", "---\na: b: c\n---\n")
    lint(checkout, "--fix", "skills/b", check=0)
    assert raw(checkout, "skills/a/SKILL.md").decode() == COLON
    assert b'"Use when: x"' in raw(checkout, "skills/b/SKILL.md")
    assert raw(checkout, "skills/b/notes.md") == b"---\na: b: c\n---\n"


def test_a_lone_file_is_mended_too(folder):
    Checkout(folder).write("a/SKILL.md", COLON)
    shelfctl(folder, "lint", "--fix", "a/SKILL.md", check=0)
    assert raw(Checkout(folder), "a/SKILL.md").decode() == QUOTED


def test_only_what_changed_is_mended(checkout):
    checkout.init()
    checkout.write("skills/old/SKILL.md", COLON)
    checkout.commit()
    checkout.write("skills/a/SKILL.md", COLON)
    lint(checkout, "--fix", "--changed", check=0)
    assert raw(checkout, "skills/old/SKILL.md").decode() == COLON and raw(checkout, "skills/a/SKILL.md").decode() == QUOTED


def test_the_file_is_replaced_with_its_mode(checkout):
    checkout.write("skills/a/SKILL.md", COLON)
    os.chmod(checkout.path("skills/a/SKILL.md"), 0o640)
    before = os.stat(checkout.path("skills/a/SKILL.md"))
    with open(checkout.path("skills/a/SKILL.md"), encoding="utf-8") as reader:
        lint(checkout, "--fix", check=0)
        assert reader.read() == COLON, "who has the old file open reads it to its end"
    after = os.stat(checkout.path("skills/a/SKILL.md"))
    assert stat.S_IMODE(after.st_mode) == 0o640 and (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert after.st_ino != before.st_ino and os.listdir(checkout.path("skills/a")) == ["SKILL.md"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_root_leaves_a_file_to_its_owner(checkout):
    checkout.write("skills/a/SKILL.md", COLON)
    os.chown(checkout.path("skills/a/SKILL.md"), 65534, 65534)
    lint(checkout, "--fix", check=0)
    after = os.stat(checkout.path("skills/a/SKILL.md"))
    assert (after.st_uid, after.st_gid) == (65534, 65534) and raw(checkout, "skills/a/SKILL.md").decode() == QUOTED


def test_symbolic_links_are_not_followed(checkout, folder):
    outside = Checkout(os.path.join(folder, "outside"))
    outside.write("SKILL.md", COLON)
    os.makedirs(checkout.path("skills/a"))
    os.symlink(outside.path("SKILL.md"), checkout.path("skills/a/SKILL.md"))
    os.symlink(outside.root, checkout.path("skills/b"))
    assert "[symlink]" in lint(checkout, "--fix", check=5).stdout
    assert os.path.islink(checkout.path("skills/a/SKILL.md"))
    assert raw(outside, "SKILL.md").decode() == COLON


def test_what_can_not_be_written_is_told_and_stays(checkout):
    checkout.write("skills/a/SKILL.md", COLON)
    checkout.write("skills/a/.shelfctl-1.tmp", "")
    limited = "trap '' XFSZ; ulimit -f 0; exec \"$@\""
    done = run("sh", "-c", limited, "sh", SHELFCTL, "lint", "--fix", folder=checkout.root, check=1)
    assert "skills/a/SKILL.md is left as it was: " in done.stderr and "mended 0 files" in done.stderr
    assert raw(checkout, "skills/a/SKILL.md").decode() == COLON
    assert sorted(os.listdir(checkout.path("skills/a"))) == [".shelfctl-1.tmp", "SKILL.md"]


@pytest.mark.parametrize("answer, written", [(b"y\n", True), (b"yes\n", True), (b"n\n", False), (b"\n", False), (b"\x04", False)])
def test_a_terminal_is_asked(checkout, answer, written):
    checkout.write("skills/a/SKILL.md", COLON)
    shown, status = on_terminal(checkout.root, "lint", "--fix", answer=answer)
    assert "write 1 file? [y/N] " in shown
    assert shown.index('+description: "Use when: x"') < shown.index("write 1 file?")
    assert (raw(checkout, "skills/a/SKILL.md").decode() == QUOTED) == written
    assert status == (0 if written else 5)


def test_yes_is_not_asked(checkout):
    checkout.write("skills/a/SKILL.md", COLON)
    shown, status = on_terminal(checkout.root, "lint", "--fix", "--yes")
    assert "[y/N]" not in shown and status == 0 and raw(checkout, "skills/a/SKILL.md").decode() == QUOTED


def test_formats_for_programs_are_not_mixed_with_diffs(checkout):
    checkout.write("skills/a/SKILL.md", COLON)
    checkout.write("skills/b/SKILL.md", "---\nname: b\n---\n")
    done = lint(checkout, "--fix", "--json", check=0)
    assert [json.loads(line)["code"] for line in done.stdout.splitlines()] == ["description-missing"]
    assert '+description: "Use when: x"' in done.stderr


def test_dry_run_and_yes_need_fix(checkout):
    checkout.skill("pdf")
    assert "--dry-run needs --fix" in lint(checkout, "--dry-run", check=2).stderr
    assert "--yes needs --fix" in lint(checkout, "-y", check=2).stderr


LINES = strategies.sampled_from([
    "---", "name: a", "name: a: b", "description: d", "description: a: b", "\tx: y", "  x: y", "metadata:", "tags: [a]", "",
    "# A", "text", "text: more: text", "- item", "  more: of: it", "note: |", "  \ttabbed", "key: 'x'", "key: x # y", "----"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=strategies.lists(strategies.tuples(strategies.booleans(), strategies.sampled_from(["\n", "\r\n"]),
                                                strategies.lists(LINES, max_size=8)), min_size=8, max_size=8))
def test_what_parsed_keeps_its_metadata_and_what_is_mended_parses(checkout, files):
    paths = []
    for i, (mark, end, lines) in enumerate(files):
        paths.append(f"skills/s{i}/SKILL.md")
        checkout.write(paths[-1], ("\ufeff" if mark else "") + end.join(["---", "name: x", *lines, ""]))
    before = {path: (raw(checkout, path), parsed(checkout, path)) for path in paths}
    lint(checkout, "--fix", check=None)
    for path in paths:
        bytes_before, metadata = before[path]
        if metadata is not None:
            assert parsed(checkout, path) == metadata, bytes_before
        elif raw(checkout, path) != bytes_before:
            assert syntax_is_right(checkout, path), bytes_before


def parse(checkout, path):
    return json.loads(shelfctl(checkout.root, "parse", "--json", path).stdout)


def parsed(checkout, path):
    return parse(checkout, path).get("metadata")


def syntax_is_right(checkout, path):
    """Other rules may still be broken: a name of two lines, a list as a description."""
    codes = {p["code"] for p in parse(checkout, path)["problems"] if p["severity"] == "error"}
    return not any(code.startswith(("yaml-", "frontmatter-")) for code in codes)
