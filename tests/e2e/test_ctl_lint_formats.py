"""What shelfctl lint prints: an excerpt for people, SARIF and annotations for programs."""
import json
import os
import pty
import subprocess

import pytest

from support.checkout import Checkout
from support.ctl import shelfctl
from support.daemon import SHELFCTL, environment

COLON = "---\nname: broken\ndescription: a: b\n---\n"


@pytest.fixture
def checkout(folder):
    return Checkout(os.path.join(folder, "checkout"))


def lint(checkout, *arguments, **options):
    return shelfctl(checkout.root, "lint", *arguments, **options)


def on_terminal(folder, *arguments, answer=b"", **env):
    """What a terminal shows, and the exit status."""
    ours, theirs = pty.openpty()
    variables = {**environment(folder), "TERM": "xterm", **env}
    if "NO_COLOR" not in env:
        del variables["NO_COLOR"]
    process = subprocess.Popen([SHELFCTL, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=variables)
    os.close(theirs)
    os.write(ours, answer)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:
        pass  # the other side is closed
    os.close(ours)
    return shown.decode(), process.wait()


def test_the_caret_is_right_below_tabs_and_wide_characters(checkout):
    checkout.write("skills/a/SKILL.md", "\ufeff---\r\nname: a\r\ndescription: 界\té x: y\r\n---\r\n")
    lines = lint(checkout, check=5).stdout.splitlines()
    assert lines[0].startswith("skills/a/SKILL.md:1:1: note: ") and lines[1] == "    1 | ---"
    # 13 columns, two for the wide one, one more to the next multiple of eight, and "é x".
    assert lines[4] == "    3 | description: 界 é x: y"
    assert lines[5] == "      | " + " " * 19 + "^"


def test_each_line_of_a_problem_without_a_place_stands_alone(checkout):
    checkout.write("tools/js.yaml", "name: js\ndescription: d\n")
    checkout.write("tools/js/tool.yaml", "name: js\ndescription: d\n")
    assert len(lint(checkout, check=5).stdout.splitlines()) == 1


def test_colour_is_for_terminals(checkout):
    checkout.write("skills/a/SKILL.md", COLON)
    assert "\x1b" not in lint(checkout, check=5).stdout
    assert "\x1b[31m^\x1b[0m" in lint(checkout, "--color", "always", check=5).stdout
    assert "\x1b[31m^\x1b[0m" in on_terminal(checkout.root, "lint")[0]
    assert "\x1b" not in on_terminal(checkout.root, "lint", NO_COLOR="1")[0]
    assert "\x1b" not in on_terminal(checkout.root, "lint", "--color", "never")[0]


def test_sarif_names_rules_places_and_levels(checkout):
    checkout.write("skills/é x/SKILL.md", COLON)
    checkout.write("tools/t.yaml", "name: t\ndescription: d\nstatus: done\n")
    log = json.loads(lint(checkout, "--format", "sarif", check=5).stdout)
    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-2.1.0.json")
    run, = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints" and run["tool"]["driver"]["name"] == "shelfctl"
    error, warning = run["results"]
    assert (error["level"], warning["level"]) == ("error", "warning")
    place = error["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "skills/%C3%A9%20x/SKILL.md"}
    assert place["region"] == {"startLine": 3, "startColumn": 15}
    assert warning["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "/status"}]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]


def test_sarif_of_nothing_is_a_whole_log(checkout):
    checkout.skill("pdf")
    run, = json.loads(lint(checkout, "--format", "sarif", check=0).stdout)["runs"]
    assert run["results"] == []
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    listed = [json.loads(line)["code"] for line in shelfctl(checkout.root, "explain", "--json", check=0).stdout.splitlines()]
    assert rules == listed
    assert all(rule["defaultConfiguration"]["level"] in ("error", "warning", "note") for rule in run["tool"]["driver"]["rules"])


def test_a_path_outside_of_the_current_folder_is_a_whole_uri(checkout):
    checkout.write("skills/a/SKILL.md", COLON)
    log = json.loads(shelfctl(checkout.path("skills", "a"), "lint", "--format", "sarif", "-C", checkout.root, check=5).stdout)
    assert log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "SKILL.md"
    checkout.write("mcps/b/server.json", "{")
    log = json.loads(shelfctl(checkout.path("skills"), "lint", "--format", "sarif", "-C", checkout.root, check=5).stdout)
    uris = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in log["runs"][0]["results"]]
    assert uris == [f"file://{checkout.root}/mcps/b/server.json", "a/SKILL.md"]


def test_github_shows_an_annotation_for_each_problem(checkout):
    checkout.write("skills/a,b: 100%/SKILL.md", COLON)
    checkout.write("tools/t.yaml", "\ufeffname: t\ndescription: d\nstatus: 5%\n")
    lines = lint(checkout, "--format", "github", check=5).stdout.splitlines()
    assert lines[0].startswith("::error file=skills/a%2Cb%3A 100%25/SKILL.md,line=3,col=15,title=yaml-unquoted-colon::")
    assert lines[1].startswith("::notice file=tools/t.yaml,line=1,col=1,title=bom::")
    assert lines[2].startswith("::warning file=tools/t.yaml,line=3,col=9,title=status-unknown::") and "5%25" in lines[2]
    assert len(lines) == 3


def test_an_unknown_format_is_a_mistake_in_usage(checkout):
    checkout.skill("pdf")
    assert "text, json, sarif or github" in lint(checkout, "--format", "xml", check=2).stderr
