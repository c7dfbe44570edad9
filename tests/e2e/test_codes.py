"""Every problem code has an example with the mistake in the middle, and is told at its very place."""
import json
import os
import pathlib
import re

import pytest

from support.checkout import Checkout, skill
from support.ctl import shelfctl
from support.daemon import SOURCE
from support.namespace import unprivileged

MiB = 1024 * 1024
MARK = "▶"
FIXTURES = SOURCE / "tests" / "data" / "codes"

# Where a manifest of this kind is put, and the collections of all of them.
PLACES = {"SKILL": "skills/{code}/SKILL.md", "skill": "skills/{code}.md", "mcp": "mcps/{code}{ext}", "tool": "tools/{code}{ext}",
          "cap": "caps/{code}{ext}", "catalog": "catalog/{code}{ext}", "closed": "closed/{code}{ext}", "slow": "slow/{code}{ext}"}
COLLECTIONS = [
    {"type": "skill", "path": "skills", "entry": ["SKILL.md"], "flat": ["*.md"], "schema": "skill"},
    {"type": "mcp", "path": "mcps", "flat": ["*.json", "*.yaml"], "schema": "mcp"},
    {"type": "tool", "path": "tools", "flat": ["*.json", "*.yaml"], "schema": "tool"},
    {"type": "catalog", "path": "catalog", "flat": ["*.yaml"], "schema": "catalog-item"},
    {"type": "closed", "path": "closed", "flat": ["*.yaml"], "schema": "closed"},
    {"type": "slow", "path": "slow", "flat": ["*.yaml"], "schema": "slow"},
    {"type": "cap", "path": "caps", "flat": ["*.yaml"], "id_from": "/metadata/id"},
]

# What is about the file as a whole is told at its beginning.
AT_THE_BEGINNING = {"frontmatter-missing", "frontmatter-too-large"}


class Fixture:
    """One file of tests/data/codes, see the README there."""

    def __init__(self, path, newline):
        self.code, self.kind, extension = path.name.split(".")
        self.extension = "." + extension
        self.marked = path.read_text(encoding="utf-8")
        before, after = self.marked.split(MARK)
        line = before.rpartition("\n")[2]
        self.line, self.column = before.count("\n") + 1, len(self.expand(line).decode("utf-8")) + 1
        self.content = self.expand((before + after).replace("\n", newline))

    @staticmethod
    def expand(text):
        text = re.sub(r"«(\d+) × (.*?)»", lambda m: int(m[1]) * m[2], text, flags=re.S)
        parts = re.split(r"«([0-9A-F]{2})»", text)
        return b"".join(bytes.fromhex(part) if i % 2 else part.encode() for i, part in enumerate(parts))

    def place(self):
        return PLACES[self.kind].format(code=self.code, ext=self.extension)


def fixtures(newline="\n"):
    return [Fixture(path, newline) for path in sorted(FIXTURES.iterdir())]


MANIFESTS = [f for f in fixtures() if f.kind != "config"]


def lint(checkout):
    with open(checkout.path("shelfd.yaml"), "w", encoding="utf-8") as file:
        json.dump({"schemas": str(SOURCE / "tests" / "data" / "schemas"), "collections": COLLECTIONS}, file)
    done = shelfctl(checkout.root, "-c", "shelfd.yaml", "-C", ".", "lint", "--json")
    found = {}
    for line in done.stdout.splitlines():
        problem = json.loads(line)
        found.setdefault(problem["path"], []).append(problem)
    return found


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_each_mistake_is_told_at_its_line_and_column(folder, newline):
    checkout = Checkout(folder + "/checkout")
    wanted = [f for f in fixtures(newline) if f.kind != "config"]
    for fixture in wanted:
        checkout.write(fixture.place(), fixture.content)
    found = lint(checkout)
    wrong = []
    for fixture in wanted:
        seen = [(p["code"], p.get("line"), p.get("column")) for p in found.get(fixture.place(), [])]
        told = [place for place in seen if place[0] == fixture.code]
        if told != [(fixture.code, fixture.line, fixture.column)]:
            wrong.append(f"{fixture.code}: {fixture.line}:{fixture.column} expected, found {seen}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("code", [f.code for f in fixtures() if f.kind == "config"])
def test_each_mistake_in_the_configuration_is_told_at_its_line_and_column(scene, code, newline):
    fixture, = [f for f in fixtures(newline) if f.code == code]
    path = os.path.join(scene.folder, "shelfd.yaml")
    pathlib.Path(path).write_bytes(fixture.content)
    done = scene.shelfd("-t", "-c", path, check=2)
    lines = [line for line in done.stderr.splitlines() if line.endswith(f"[{code}]")]
    assert len(lines) == 1 and lines[0].startswith(f"{path}:{fixture.line}:{fixture.column}: "), done.stderr


@pytest.mark.parametrize("fixture", fixtures(), ids=lambda f: f.code)
def test_the_mistake_stands_in_the_middle_behind_characters_of_several_bytes(fixture):
    before, after = fixture.marked.split(MARK)
    if fixture.code in AT_THE_BEGINNING:
        assert before == ""
        return
    line = before.rpartition("\n")[2]
    assert "\n" in before and after.strip("\n").count("\n") >= 1
    assert not (line.strip() or before).isascii()


# What is no text with a place: made by hand, told about the file as a whole or at its first byte.

def bom(scene):
    scene.checkout.write("tools/a.yaml", "\ufeff# Größen\r\nname: a\r\ndescription: d\r\n")
    return "tools/a.yaml", 1, 1


def conflict_markers(scene):
    files = scene.checkout
    text = "# Größen\r\nname: a\r\ndescription: {}\r\nversion: 1\r\n"

    def commit(words):
        files.write("tools/a.yaml", text.format(words))
        files.commit(words)

    commit("für alle")
    files.git("checkout", "-q", "-b", "left")
    commit("für Große")
    files.git("checkout", "-q", "main")
    commit("für Kleine")
    files.git("merge", "-q", "left", check=False)
    return "tools/a.yaml", 3, 1


def duplicate_id(scene):
    scene.checkout.write("tools/a.yaml", "name: a\ndescription: d\n")
    scene.checkout.write("tools/a/tool.yaml", "name: a\ndescription: d\n")
    return "tools/a.yaml", None, None


def member_unreadable(scene):
    scene.checkout.skill("a")
    scene.checkout.write("skills/a/größe.txt", "5")
    os.chmod(scene.checkout.path("skills/a/größe.txt"), 0)
    return "skills/a/SKILL.md", None, None


def not_regular(scene):
    os.makedirs(scene.checkout.path("skills/a"))
    os.mkfifo(scene.checkout.path("skills/a/SKILL.md"))
    return "skills/a/SKILL.md", None, None


def symlink(scene):
    scene.checkout.write("tools/.a", "name: a\n")
    os.symlink(".a", scene.checkout.path("tools/a.yaml"))
    return "tools/a.yaml", None, None


def too_large(scene):
    scene.checkout.write("skills/a.md", skill("a", body="ü" * MiB))
    return "skills/a.md", None, None


def unreadable(scene):
    scene.checkout.write("tools/a.yaml", "name: a\ndescription: d\n")
    os.chmod(scene.checkout.path("tools/a.yaml"), 0)
    return "tools/a.yaml", None, None


def utf16(scene):
    scene.checkout.write("tools/a.yaml", "name: größe\r\n".encode("utf-16"))
    return "tools/a.yaml", 1, 1


ROWS = {made.__name__.replace("_", "-"): made for made in (
    bom, conflict_markers, duplicate_id, member_unreadable, not_regular, symlink, too_large, unreadable, utf16)}


@pytest.mark.parametrize("code", sorted(ROWS))
def test_each_mistake_that_is_no_text_is_told(scene, code):
    path, line, column = ROWS[code](scene)
    daemon = scene.daemon()
    daemon.prefix = unprivileged()
    daemon.arguments = ("--once",)
    daemon.start(wait=False)
    assert daemon.wait() == 0, daemon.output()
    problem, = [p for p in scene.published().problems[path] if p["code"] == code]
    assert (problem.get("line"), problem.get("column")) == (line, column)
    assert problem["message"]


def test_each_code_has_an_example(folder):
    codes = {json.loads(line)["code"] for line in shelfctl(folder, "explain", "--json", check=0).stdout.splitlines()}
    assert {f.code for f in fixtures()} | set(ROWS) == codes
