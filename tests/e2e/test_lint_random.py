"""Manifests with the mistakes that people make, at random: what lint calls wrong is what the parsers of Python call wrong."""
import json
import os
import random

import yaml

from oracle import canonical, document, yamlcore
from support.checkout import Checkout
from support.ctl import shelfctl

SEED = int(os.environ.get("SHELFD_TEST_FIRST_SEED", "0"))
NUMBER = 1000  # manifests of each format
PARSED = 80  # of them also by shelfctl parse, for their values

FRONT_MATTER = [
    "name: pdf-tools\ndescription: Reads and writes PDF files. Use it when somebody asks for one.\n",
    "name: pdf\ndescription: >-\n  Reads PDF files,\n  folded over lines.\nlicense: MIT\nallowed-tools: Bash(git:*), Read\n",
    "name: notes\ndescription: |\n  Keeps notes.\n\n  - one\n  - two\nmetadata:\n  version: 1.0\n  tags:\n    - a\n    - b\n",
    "# what it is\nname: \"quoted\"\ndescription: 'it''s quoted'\nmetadata: {tags: [x, y], since: 2024-01-31}\n",
    "name: deep\ndescription: x\nmetadata:\n  owner: &o {name: A, mail: a@example.org}\n  reviewer: *o\n  list:\n  - a: 1\n    b: 2\n  - c\n",
]
VALUES = [
    "", "yes", "0o17", "017", "0x1F", "1_000", "1e3", "12e3456", ".5", "5.", "+1", "-0", "12:30:45", "2024-13-45", "~", ".inf", "=",
    "a: b", "a:b", "a #b", "a#b", "#b", "- x", "-x", "? x", ": x", "@x", "`x`", "%x", "!x", "!!str 1", "!!int x", "&a x", "*a", "*.md",
    "**bold**", "[a, b", "[a, b]", "[a,,b]", "[,a]", "[a, b]]", "{a: b}", "{{x}}", "{a: b", "{a: 1, a: 2}", '{"a":1,}', "|", ">", "|2",
    "> x", '"open', "'open", '"x"y', "'x'y", '"C:\\Users"', "C:\\Users", '"\\x41"', '"\\u00e9"', '"\\q"', "em — dash", "“quoted”", "\U0001f600",
    "\u00a0x", "\u200bx", "a\tb", "x\t", "x  # c", "Bash(git:*)", "http://example.org/?a=b#c", "it's", "'it's'", "\x07", "\x7f", "---", "<<",
]
LINES = [
    "---", "...", "--- x", "# comment", "  # comment", "\t# comment", "  ", "\t", "key", "key:", "key:v", "key : v", "  key: v", "\tkey: v",
    "- item", "  - item", "? a", "<<: {a: b}", '"k": v', "[a]: b", "null: x", "1: x", "name: again", "%YAML 1.2", "%FOO", "k" * 300 + ": v",
    "key: |\n  a\n b", "key: |\n    a\n  b", "key: >-\n- a", "key: >-\nb", "key: |\n\ta", 'key: "a\n  b"', 'key: "a\nb"', "key: a\n  b",
    "key: a\nb", "key: a\n  b: c", "key: [a,\n  b]", "key:\n- a\n- b", "key:\n  - a\n - b", "key:\n  a: b\n c: d", "key: - a", "key: !x y",
    "key: |+\n  a\n\n", "key: *none", "k: &x [1]\nl: [*x, *x]", "k: [a: b]", "k: {a:b}", "k: {a, b}", "k:\tv", "k: [a]b", "=======",
]
CHARACTERS = [":", ": ", " #", '"', "'", "\t", "-", "[", "]", "{", "}", ",", "&", "*", "!", "|", ">", "%", "@", "`", "\\", "é", "—", "\U0001f600"]
JSON_VALUES = [
    "01", "1.", ".5", "+1", "1e5", "1e400", "-", "NaN", "nul", "True", "'x'", '"a\nb"', '"a\tb"', '"\\x"', '"\\ud800"', '"\\ud83d\\ude00"',
    "[1,]", '{"a":1,}', "{a:1}", '{"a" 1}', "[1 2]", '"open', "1 // c", "/* c */ 1", "12345678901234567890", "1.0", "-0", '{"a":1,"a":2}', "{}",
]
JSON_TEXT = '{\n  "name": "a/b",\n  "description": "x \\u00e9 é",\n  "version": "1.0",\n  "list": [1, 2.5, null, true],\n  "in": {"a": "b"}\n}\n'


def broken_line(source, lines):
    at, do = source.randrange(len(lines)), source.random()
    line = lines[at]
    if do < 0.4 and ":" in line:
        space = source.choice([": ", ": ", ": ", ":", ":\t", " : "])
        lines[at] = line.split(":", 1)[0] + space + source.choice(VALUES)
    elif do < 0.65:
        lines.insert(at, source.choice(LINES))
    elif do < 0.75:
        lines[at] = source.choice([" ", "  ", "\t"]) + line
    elif do < 0.8:
        lines[at] = line[1:]
    elif do < 0.85:
        del lines[at]
    elif do < 0.9:
        lines.insert(at, line)
    else:
        column = source.randint(0, len(line))
        lines[at] = line[:column] + source.choice(CHARACTERS) + line[column:]


def front_matter(source):
    lines = source.choice(FRONT_MATTER).split("\n")
    for _ in range(source.choice([0, 1, 1, 1, 2, 3])):
        if lines:
            broken_line(source, lines)
    text = "".join(line + "\n" for line in lines)
    end = "\r\n" if source.random() < 0.2 else "\n"
    text = f"---\n{text}---{source.choice(['', '', ' '])}\nBody: with\n---\na line.\n".replace("\n", end)
    return source.choice(["", "", "", "\ufeff"]) + text


def json_text(source):
    text = JSON_TEXT
    for _ in range(source.choice([0, 1, 1, 2])):
        at = source.randrange(len(text))
        if source.random() < 0.5:
            text = text.replace(source.choice(['"a/b"', '"1.0"', "2.5", "null", '"b"']), source.choice(JSON_VALUES), 1)
        elif source.random() < 0.5:
            text = text[:at] + text[at + source.choice([1, 1, 3]):]
        else:
            text = text[:at] + source.choice(['"', "\\", ",", ":", "{", "}", "[", "]", "\t", "//", "#", "1", "é", "\u00a0", "\r"]) + text[at:]
    return text


def yaml_verdict(text):
    """The value, or None where it is wrong; ... where Python's two parsers of YAML do not agree."""
    body = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n", 1)[1]
    lines = body.split("\n")
    ends = [i for i, line in enumerate(lines) if line.startswith("---") and not line[3:].strip(" \t")]
    body = "".join(line + "\n" for line in lines[:ends[0]])
    try:
        value = yamlcore.load(body)
    except yamlcore.Invalid:
        value = None
    try:
        wrong = sum(isinstance(e, yaml.DocumentStartEvent) for e in yaml.parse(body, Loader=yaml.SafeLoader)) > 1
    except yaml.YAMLError:
        wrong = True
    return ... if wrong and value is not None else value if isinstance(value, dict) else None


def json_verdict(text):
    try:
        value = document.load_json(text)
    except document.Invalid:
        return None
    return value if isinstance(value, dict) else None


def wrong_by_lint(checkout, number):
    """The manifests with errors of syntax; all must have been looked at."""
    done = shelfctl(checkout.root, "-C", ".", "lint", "--json")
    assert done.returncode in (0, 5) and done.stderr.startswith(f"{number} manifests"), done.stderr
    of_type = {"name-type", "description-type"}
    problems = map(json.loads, done.stdout.splitlines())
    return {p["path"] for p in problems if p["severity"] == "error" and p["code"] not in of_type}


def check(checkout, wanted):
    found = wrong_by_lint(checkout, len(wanted))
    good = [path for path, value in wanted.items() if value not in (None, ...)]
    assert len(good) > NUMBER / 4 and sum(value is None for value in wanted.values()) > NUMBER / 4
    for path, value in wanted.items():
        assert value is ... or (path in found) == (value is None), (SEED, path, value, checkout.read(path))
    for path in good[:PARSED]:
        got = json.loads(shelfctl(checkout.root, "-C", ".", "parse", "--json", path).stdout)
        if "metadata" in got:
            assert got["metadata"] == json.loads(canonical.dumps(wanted[path])), (SEED, path, checkout.read(path))


def test_front_matter_is_wrong_where_python_says_so(folder):
    source, checkout, wanted = random.Random(SEED), Checkout(folder + "/checkout"), {}
    for i in range(NUMBER):
        text = front_matter(source)
        checkout.write(f"skills/s{i}/SKILL.md", text)
        wanted[f"skills/s{i}/SKILL.md"] = yaml_verdict(text)
    check(checkout, wanted)


def test_json_is_wrong_where_python_says_so(folder):
    source, checkout, wanted = random.Random(SEED), Checkout(folder + "/checkout"), {}
    for i in range(NUMBER):
        text = json_text(source)
        checkout.write(f"mcps/s{i}/server.json", text)
        wanted[f"mcps/s{i}/server.json"] = json_verdict(text)
    check(checkout, wanted)
