"""shelfctl lint: which files, and what is said of them; no daemon, no Redis, no git."""
import json
import os

import pytest

from support.checkout import Checkout, skill
from support.ctl import shelfctl
from support.layouts import lay_out

BROKEN = "---\nname: broken\ndescription: a: b\n---\n"


@pytest.fixture
def checkout(folder):
    """Not yet a git checkout, and not at the current folder of the other programs either."""
    return Checkout(os.path.join(folder, "checkout"))


def lint(checkout, *arguments, at="", **options):
    return shelfctl(checkout.path(at) if at else checkout.root, "lint", *arguments, **options)


def problems(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def codes(done):
    return [(p["path"], p["code"]) for p in problems(done)]


def test_a_clean_catalog_is_silent_on_stdout(checkout):
    checkout.skill("pdf")
    checkout.write("tools/js.yaml", "name: js\ndescription: d\n")
    done = lint(checkout, check=0)
    assert done.stdout == "" and done.stderr == "2 manifests: 0 errors, 0 warnings\n"


def test_an_error_is_a_line_with_place_hint_and_code_and_exit_5(checkout):
    checkout.write("skills/broken/SKILL.md", BROKEN)
    done = lint(checkout, check=5)
    line, source, caret = done.stdout.splitlines()
    assert line.startswith("skills/broken/SKILL.md:3:15: error: ")
    assert line.endswith(" [yaml-unquoted-colon]") and "; " in line
    assert source == "    3 | description: a: b" and caret == "      |               ^"
    assert done.stderr == "1 manifest: 1 error, 0 warnings\n"


def test_warnings_are_no_failure_unless_strict(checkout):
    checkout.write("skills/pdf/SKILL.md", skill("other"))
    done = lint(checkout, "--json", check=0)
    assert [p["severity"] for p in problems(done)] == ["warning"]
    done = lint(checkout, "--json", "--strict", check=5)
    assert [p["severity"] for p in problems(done)] == ["error"]


def test_json_has_every_part_of_a_problem(checkout):
    checkout.write("skills/broken/SKILL.md", BROKEN)
    problem, = problems(lint(checkout, "--json", check=5))
    assert {"path": "skills/broken/SKILL.md", "code": "yaml-unquoted-colon", "severity": "error", "line": 3,
            "column": 15}.items() <= problem.items()
    assert problem["message"] and problem["hint"]
    assert lint(checkout, "--format", "json", check=5).stdout == lint(checkout, "--json", check=5).stdout
    assert lint(checkout, "--format", "text", check=5).stdout == lint(checkout, check=5).stdout


def test_files_are_judged_by_what_is_around_them(checkout):
    """A member of a bundle, a document and a temporary file are no manifests, whatever is in them."""
    checkout.write("tools/bundle/tool.yaml", "name: bundle\ndescription: d\n")
    for path in ("tools/bundle/broken.yaml", "tools/bundle/deep/broken.yaml", "tools/README.md", "tools/.hidden.yaml",
                 "tools/broken.yaml~", "tools/.git/x.yaml", "other/broken.yaml"):
        checkout.write(path, "a: [")
    assert lint(checkout, check=0).stderr.startswith("1 manifest:")
    checkout.remove("tools/bundle/tool.yaml")
    assert codes(lint(checkout, "--json", check=5)) == [
        ("tools/bundle/broken.yaml", "yaml-syntax"), ("tools/bundle/deep/broken.yaml", "yaml-syntax")]


def test_two_manifests_with_one_id_are_found(checkout):
    checkout.write("tools/js.yaml", "name: js\ndescription: d\n")
    checkout.write("tools/js/tool.yaml", "name: js\ndescription: d\n")
    checkout.write("tools/js.json", '{"name": "js", "description": "d"}')
    done = lint(checkout, "--json", check=5)
    assert codes(done) == [("tools/js.json", "duplicate-id"), ("tools/js.yaml", "duplicate-id")]
    assert all("tools/js/tool.yaml" in p["message"] for p in problems(done))


def test_a_rival_is_found_when_only_the_loser_is_named(checkout):
    checkout.write("tools/js.yaml", "name: js\ndescription: d\n")
    checkout.write("tools/js/tool.yaml", "name: js\ndescription: d\n")
    checkout.write("tools/else/broken.yaml", "a: [")
    done = lint(checkout, "--json", "tools/js.yaml", check=5)
    assert codes(done) == [("tools/js.yaml", "duplicate-id")] and done.stderr.startswith("1 manifest:")
    assert lint(checkout, "tools/js", check=0).stderr.startswith("1 manifest:")


def test_a_rival_by_id_from_may_lie_anywhere(checkout):
    with open(checkout.path("shelfd.yaml"), "w", encoding="utf-8") as file:
        file.write('collections:\n- {type: capability, path: caps, flat: ["**/*.yaml"], id_from: /id}\n')
    checkout.write("caps/a/one.yaml", "id: x\n")
    checkout.write("caps/b/two.yaml", "id: x\n")
    done = lint(checkout, "-c", "shelfd.yaml", "--json", "caps/b", check=5)
    assert codes(done) == [("caps/b/two.yaml", "duplicate-id")]


def test_named_folders_and_files_only(checkout):
    for name in ("a", "b", "c"):
        checkout.write(f"skills/{name}/SKILL.md", BROKEN)
    assert codes(lint(checkout, "--json", "skills/a", "skills/c/SKILL.md", check=5)) == [
        ("skills/a/SKILL.md", "yaml-unquoted-colon"), ("skills/c/SKILL.md", "yaml-unquoted-colon")]
    assert lint(checkout, "skills", check=5).stderr.startswith("3 manifests:")
    assert lint(checkout, ".", check=5).stderr.startswith("3 manifests:")


def test_from_within_the_checkout_paths_are_as_one_would_open_them(checkout):
    checkout.init()
    checkout.write("skills/a/SKILL.md", BROKEN)
    assert lint(checkout, at="skills", check=5).stdout.startswith("a/SKILL.md:3:15: ")
    done = lint(checkout, "--json", "SKILL.md", at="skills/a", check=5)
    assert codes(done) == [("skills/a/SKILL.md", "yaml-unquoted-colon")]
    assert problems(done)[0]["file"] == "SKILL.md"


def test_another_root(checkout, folder):
    checkout.write("skills/a/SKILL.md", BROKEN)
    done = shelfctl(folder, "lint", "-C", checkout.root, check=5)
    assert done.stdout.startswith("checkout/skills/a/SKILL.md:3:15: ")
    assert shelfctl("/", "lint", "-C", checkout.root, check=5).stdout.startswith(checkout.root.lstrip("/"))


def test_nothing_to_lint_is_a_failure_with_a_sentence(folder):
    done = shelfctl(folder, "lint", check=1)
    assert "skills/, mcps/, tools/" in done.stderr and done.stdout == ""


def test_a_path_that_is_not_there_is_a_failure(checkout):
    assert "No such file" in lint(checkout, "skills/none", check=1).stderr


def test_other_files_of_a_checkout_with_collections_or_of_a_named_root_are_passed_over(checkout, folder):
    """So that the names of all files of a commit can be given."""
    checkout.skill("pdf")
    checkout.write("src/main.c", "int main;")
    done = lint(checkout, "src/main.c", "skills/pdf/SKILL.md", check=0)
    assert done.stderr == "1 manifest: 0 errors, 0 warnings\n"
    other = Checkout(os.path.join(folder, "other"))
    other.write("main.c", "int main;")
    assert lint(other, "-C", ".", "main.c", check=0).stderr == "0 manifests: 0 errors, 0 warnings\n"
    assert "--type" in lint(other, "main.c", check=2).stderr
    checkout.write("elsewhere/SKILL.md", BROKEN)
    assert codes(lint(checkout, "--json", "elsewhere/SKILL.md", check=5)) == [
        ("elsewhere/SKILL.md", "yaml-unquoted-colon")]


@pytest.mark.parametrize("name, content, code", [
    ("pdf/SKILL.md", BROKEN, "yaml-unquoted-colon"),
    ("wiki/server.json", "{", "json-syntax"),
    ("js/tool.yaml", "a: [", "yaml-syntax"),
])
def test_a_file_outside_of_every_collection_is_taken_by_its_name(folder, name, content, code):
    Checkout(folder).write(name, content)
    done = shelfctl(folder, "lint", "--json", name, check=5)
    assert codes(done) == [(name, code)]


def test_a_file_whose_name_tells_nothing_needs_a_type(folder):
    Checkout(folder).write("note.md", "---\nname: note\n---\n")
    assert "--type" in shelfctl(folder, "lint", "note.md", check=2).stderr
    assert codes(shelfctl(folder, "lint", "--json", "--type", "skill", "note.md", check=0)) == [
        ("note.md", "description-missing")]


def test_the_folder_of_a_lone_bundle_counts_in_the_rules(folder):
    Checkout(folder).write("pdf/SKILL.md", skill("pdf"))
    shelfctl(folder, "lint", "--strict", "pdf/SKILL.md", check=0)
    shelfctl(folder, "lint", "--strict", "pdf", check=0)
    Checkout(folder).write("other/SKILL.md", skill("pdf"))
    assert "[skill-name-folder]" in shelfctl(folder, "lint", "--strict", "other/SKILL.md", check=5).stdout
    assert "[skill-name-folder]" in shelfctl(folder, "lint", "--strict", "other", check=5).stdout


def test_a_folder_of_bundles_in_no_collection(folder):
    checkout = Checkout(folder)
    checkout.write("mine/pdf/SKILL.md", BROKEN)
    checkout.write("mine/deep/wiki/server.json", "{")
    checkout.write("mine/note.md", BROKEN)
    done = shelfctl(folder, "lint", "--json", "mine", check=5)
    assert sorted(codes(done)) == [("deep/wiki/server.json", "json-syntax"), ("pdf/SKILL.md", "yaml-unquoted-colon")]
    assert {p["file"] for p in problems(done)} == {"mine/deep/wiki/server.json", "mine/pdf/SKILL.md"}
    done = shelfctl(folder, "lint", "--json", "--type", "skill", "mine", check=5)
    assert sorted(codes(done)) == [("note.md", "yaml-unquoted-colon"), ("pdf/SKILL.md", "yaml-unquoted-colon")]


def test_a_folder_in_a_place_like_a_checkout_is_found_without_git(folder):
    Checkout(folder).write("home/.tool/skills/a/SKILL.md", BROKEN)
    done = shelfctl("/", "lint", "--json", f"{folder}/home/.tool/skills/a", check=5)
    assert codes(done) == [("skills/a/SKILL.md", "yaml-unquoted-colon")]


@pytest.mark.parametrize("make, code", [
    (lambda p: os.mkfifo(p), "not-regular"),
    (lambda p: os.symlink("/etc/passwd", p), "symlink"),
    (lambda p: open(p, "wb").write(b"x" * (2 << 20)), "too-large"),
    (lambda p: open(p, "wb").write(b"---\nname: a\0b\n---\n"), "nul-byte"),
    (lambda p: open(p, "wb").write("---\nname: a\n---\n".encode("utf-16")), "utf16"),
    (lambda p: open(p, "wb").write(b"---\nname: \xff\n---\n"), "not-utf8"),
])
def test_bad_files_are_findings_and_never_block(checkout, make, code):
    os.makedirs(checkout.path("skills/bad"))
    make(checkout.path("skills/bad/SKILL.md"))
    checkout.skill("good")
    assert ("skills/bad/SKILL.md", code) in codes(lint(checkout, "--json", check=5, seconds=10))
    assert f"[{code}]" in lint(checkout, "skills/bad/SKILL.md", check=5).stdout


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
def test_a_folder_that_cannot_be_looked_into_is_no_clean_bill(checkout):
    checkout.skill("pdf")
    os.makedirs(checkout.path("skills/closed"), mode=0)
    assert "skills/closed: cannot look into this folder" in lint(checkout, check=1).stderr


def test_names_that_are_not_printable_are_escaped_and_encoded(checkout):
    os.makedirs(os.fsencode(checkout.path("skills")) + b"/\xff\x1b%")
    with open(os.fsencode(checkout.path("skills")) + b"/\xff\x1b%/SKILL.md", "w", encoding="utf-8") as file:
        file.write(BROKEN)
    assert lint(checkout, check=5).stdout.startswith(r"skills/\xFF\x1B%/SKILL.md:3:15: ")
    assert codes(lint(checkout, "--json", check=5)) == [("skills/%FF%1B%25/SKILL.md", "yaml-unquoted-colon")]


def test_a_message_that_quotes_a_manifest_is_escaped(checkout):
    checkout.write("skills/a/SKILL.md", '---\nname: a\ndescription: d\n"\\e[2J\\u202e": 1\n---\n')
    text = lint(checkout, check=0).stdout
    assert "\x1b" not in text and "\u202e" not in text
    assert r"\x1B[2J\xE2\x80\xAE" in text


@pytest.mark.parametrize("name", ["skills-wshobson", "skills-claude-mpm", "mcps-docker"])
def test_real_manifests_are_all_looked_at(checkout, corpus, name):
    _, _, number = lay_out(name, corpus, checkout)
    done = lint(checkout, "--json")
    assert done.stderr.startswith(f"{number} manifests: ")
    assert done.returncode == (0 if ": 0 errors" in done.stderr else 5)


def test_a_collection_that_is_all_of_the_root_is_linted(checkout):
    checkout.write("shelfd.yaml", "collections:\n- {type: skill, path: ., entry: [SKILL.md]}\n")
    checkout.write("deep/broken/SKILL.md", BROKEN)
    assert codes(lint(checkout, "-c", "shelfd.yaml", "--json", check=5)) == [("deep/broken/SKILL.md", "yaml-unquoted-colon")]
