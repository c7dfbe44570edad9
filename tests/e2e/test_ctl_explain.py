"""shelfctl explain: no daemon, no Redis."""
import json
import os
import re
import subprocess

import pytest

from support.ctl import shelfctl
from support.daemon import SHELFCTL, environment

# Root may read everything, but for this.
AS_USER = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


def test_explain_lists_all_codes_in_order(folder):
    rows = [line.split()[:3] for line in shelfctl(folder, "explain", check=0).stdout.splitlines()]
    assert rows[0] == ["CODE", "LENIENT", "STRICT"]
    assert [row[0] for row in rows[1:]] == sorted(row[0] for row in rows[1:])
    assert ["id-empty", "error", "error"] in rows
    assert all(set(row[1:]) <= {"error", "warning", "note"} for row in rows[1:])


def test_explain_tells_title_severity_and_examples(folder):
    text = shelfctl(folder, "explain", "frontmatter-not-closed", check=0).stdout
    assert text.startswith("frontmatter-not-closed: ")
    assert "error in the lenient profile, error in the strict one" in text
    assert "\nwrong, in skills/pdf/SKILL.md:\n    ---\n" in text and "\nright, in skills/pdf/SKILL.md:\n    ---\n" in text
    assert "\nwrong, made by these commands:\n    ln -s " in shelfctl(folder, "explain", "symlink", check=0).stdout


def test_explain_json_is_an_object_a_line(folder):
    all_codes = [json.loads(line) for line in shelfctl(folder, "explain", "--json", check=0).stdout.splitlines()]
    one = json.loads(shelfctl(folder, "explain", "--json", "id-empty", check=0).stdout)
    assert one in all_codes
    assert set(one) == {"code", "lenient", "strict", "title", "text", "wrong", "right"}
    assert json.loads(shelfctl(folder, "explain", "--json", "name-type", check=0).stdout)["file"] == "skills/pdf/SKILL.md"


def test_explain_of_an_unknown_code_names_one_that_is_near(folder):
    done = shelfctl(folder, "explain", "id-emtpy", check=1)
    assert "did you mean id-empty?" in done.stderr and done.stdout == ""


def run_in(folder, *command):
    return subprocess.run([*AS_USER, *command], cwd=folder, env=environment(folder), capture_output=True, text=True, check=False)


def looked_at(folder, commands):
    """What shelfctl says of an example that is made by commands."""
    for empty in ("skills/pdf", "tools"):
        os.makedirs(os.path.join(folder, empty))
    made = run_in(folder, "sh", "-ec", commands)
    assert made.returncode == 0 and made.stderr == "", made.stderr
    configured = os.path.exists(os.path.join(folder, "shelfd.yaml"))
    return run_in(folder, SHELFCTL, "lint", *(["-c", "shelfd.yaml"] if configured else []))


@pytest.mark.parametrize("which", ["wrong", "right"])
def test_examples_that_are_made_by_commands_are_true(folder, which):
    """Those that are text are read by unit/test_codes."""
    rows = [json.loads(line) for line in shelfctl(folder, "explain", "--json", check=0).stdout.splitlines()]
    made = [row for row in rows if "file" not in row and row["code"] != "member-unreadable"]
    assert len(made) > 10
    for row in made:
        place = os.path.join(folder, row["code"])
        done = looked_at(place, row[which])
        codes = re.findall(r"\[([a-z0-9-]+)\]$", done.stdout + done.stderr, re.M)
        if which == "wrong":
            assert row["code"] in codes, (row["code"], codes, done.stderr)
        else:
            assert codes == [] and done.returncode == 0, (row["code"], codes, done.stderr)


def test_the_example_of_an_unreadable_member_is_true(folder):
    row = json.loads(shelfctl(folder, "explain", "--json", "member-unreadable", check=0).stdout)
    for which in ("wrong", "right"):
        place = os.path.join(folder, which)
        looked_at(place, row[which])
        said = run_in(place, SHELFCTL, "parse", "skills/pdf/SKILL.md").stderr
        assert ("a file of the bundle cannot be read" in said) == (which == "wrong")
