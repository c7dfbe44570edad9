"""The public test suites of YAML and JSON through shelfctl parse, as a user would."""
import concurrent.futures
import json

import pytest
import yaml

from support.ctl import shelfctl

# What YAML 1.2 forbids and shelfctl lets pass, as most parsers do.
ACCEPTED = {
    "9C9N:0": "less indentation within brackets",
    "DK95:1": "less indentation within quotes",
    "QB6E:0": "less indentation within quotes",
    "Y79Y:3": "less indentation within brackets",
    "S98Z:0": "blank lines before a block scalar's first line that are longer than its indentation",
}
# What YAML 1.2 allows and libyaml refuses: doc/MANIFESTS.md.
REFUSED = {
    "4MUZ:0": "a key in braces, its colon on the next line",
    "4MUZ:1": "a key in braces, its colon on the next line",
    "4MUZ:2": "a key in braces, its colon on the next line",
    "5MUD:0": "a key in braces, its colon on the next line",
    "K3WX:0": "a key in braces, its colon on the next line",
    "VJP3:1": "a key in braces, its colon on the next line",
    "58MP:0": "a plain value in braces that begins with a colon",
    "96NN:0": "a tab behind the indentation of a block scalar's first line",
    "96NN:1": "a tab behind the indentation of a block scalar's first line",
    "A2M4:0": "a tab behind a hyphen",
    "DK95:0": "a tab behind indentation",
    "DK95:3": "a line of nothing but a tab",
    "DK95:4": "a line of nothing but a tab",
    "Q5MG:0": "a tab before a value in braces",
    "Y79Y:1": "a tab behind the indentation of a block scalar",
    "2SXE:0": "an anchor with a colon in its name",
    "W5VH:0": "an anchor with a colon in its name",
}
# Where libyaml takes something else than YAML 1.2 says.
DIFFERENT = {
    "652Z:0": "a plain key in braces that begins with a question mark",
    "L24T:1": "blanks at the end of a file that has no last line end",
    "Y2GN:0": "an anchor with a colon in its name",
}
# Codes of what lies outside of the subset that doc/MANIFESTS.md states: one document, keys that are scalars, core tags.
OUTSIDE = {"yaml-documents", "yaml-key", "yaml-tag"}


def suite(corpus, *parts):
    path = corpus.joinpath("suites", *parts)
    if not path.is_dir():
        pytest.skip(f"no {path}")
    return path


def unmarked(text):
    """The suite writes blanks, tabs and ends of lines so that they can be seen."""
    for mark, meant in (("␣", " "), ("———»", "\t"), ("——»", "\t"), ("—»", "\t"), ("»", "\t"), ("↵", ""), ("∎\n", ""),
                        ("←", "\r"), ("⇔", "\ufeff")):
        text = text.replace(mark, meant)
    return text


def cases(folder):
    """(id, text, JSON or None, must fail). A case takes over what it does not say from the one before, but "fail"."""
    for path in sorted(folder.glob("*.yaml")):
        text = wanted = None
        for i, case in enumerate(yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)):
            text = case.get("yaml", text)
            wanted = case.get("json", wanted)
            yield f"{path.stem}:{i}", unmarked(text), wanted, case.get("fail", False)


def parse(folder, text, form):
    done = shelfctl(folder, "parse", "--json", "--type", "tool", "--format", form, "-", stdin=text)
    assert done.returncode in (0, 5), done.stderr
    got = json.loads(done.stdout)
    codes = [p["code"] for p in got["problems"] if p["severity"] == "error"]
    assert (done.returncode == 5) == (codes != [])
    return got, codes


def single(text):
    """The value of a JSON text, ... where it is none or several."""
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return ...


def verdict(folder, name, text, wanted, must_fail):
    """What is wrong with what shelfctl makes of a case; None: nothing."""
    got, codes = parse(folder, text.encode(), "yaml")
    broken = [code for code in codes if code.startswith("yaml-")]
    if must_fail:
        return None if bool(broken) != (name in ACCEPTED) else f"{name}: must fail, has {codes}"
    value = single(wanted)
    if not isinstance(value, dict):
        return None  # a manifest is one mapping
    if name in REFUSED:
        return None if broken else f"{name}: is not refused any more"
    if broken:
        return None if OUTSIDE.issuperset(broken) else f"{name}: refused: {got['problems']}"
    if "metadata" not in got:
        return None if codes else f"{name}: no metadata"
    same = got["metadata"] == value
    return None if same != (name in DIFFERENT) else f"{name}: got {got['metadata']}, the suite has {value}"


def test_yaml_is_decided_as_the_public_suite_says(folder, corpus):
    all_cases = list(cases(suite(corpus, "yaml-test-suite", "src")))
    assert len(all_cases) >= 400
    assert len({name[:4] for name in (*ACCEPTED, *REFUSED, *DIFFERENT)}) < 25
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wrong = [v for v in pool.map(lambda case: verdict(folder, *case), all_cases) if v is not None]
    assert wrong == []


# A key twice is an error here, whatever RFC 8259 leaves open.
TWICE = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}


def test_json_is_decided_as_the_public_suite_says(folder, corpus):
    paths = sorted(suite(corpus, "JSONTestSuite", "test_parsing").glob("*.json"))
    seen = {letter: 0 for letter in "yni"}

    def look(path):
        _, codes = parse(folder, path.read_bytes(), "json")
        return path.name, [code for code in codes if code not in ("not-a-mapping", "name-type", "description-type")]

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, codes in pool.map(look, paths):
            seen[name[0]] += 1
            if name in TWICE:
                assert codes == ["json-duplicate-key"]
            elif name[0] == "y":
                assert codes == [], name
            elif name[0] == "n":
                assert codes != [], name
    assert (seen["y"], seen["n"]) == (95, 188) and seen["i"] > 30
