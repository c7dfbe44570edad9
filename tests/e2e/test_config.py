"""Configuration: every mistake at once, where it is, and what was meant."""
import os
import re

import pytest

from support.daemon import SOURCE
from support.waiting import until


def config(scene, text):
    path = os.path.join(scene.folder, "shelfd.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


THREE = """\
catalogue: main
redis:
  timeout: fast
collections:
  - type: skill
    path: skills
    entry: [SKILL.md]
    flat: 7
"""


def test_three_errors_are_told_at_once_with_line_and_column(scene):
    path = config(scene, THREE)
    done = scene.shelfd("-c", path, "-t")
    assert done.returncode != 0
    places = re.findall(rf"{re.escape(path)}:(\d+):(\d+): ", done.stderr)
    assert [line for line, _ in places] == ["1", "3", "8"]
    assert places[0][1] == "1" and places[1][1] == "12"
    assert "catalogue" in done.stderr and "did you mean" in done.stderr and "catalog" in done.stderr
    assert "fast" in done.stderr


def test_a_configuration_with_errors_starts_nothing(scene):
    scene.checkout.skill("one")
    client = scene.redis()
    done = scene.shelfd("-c", config(scene, THREE), "-C", scene.checkout.root, "--redis", scene.server.url, "--once")
    assert done.returncode != 0 and client.keys("*") == []


def test_a_good_configuration_passes_the_test(scene):
    done = scene.shelfd("-c", config(scene, "catalog: x\nwatch: {quiet: 5ms}\n"), "-C", scene.checkout.root, "-t")
    assert done.returncode == 0, done.stderr


def test_the_documented_sample_passes_the_test_and_changes_no_default(scene):
    sample = SOURCE / "etc" / "shelfd.yaml"
    done = scene.shelfd("-c", str(sample), "-C", scene.checkout.root, "-t")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text, words", [
    ("catalog: [a]\n", ["catalog"]),
    ("catalog: 'a b'\n", ["catalog"]),
    ("watch:\n  quiet: 10\n", ["quiet", "10ms"]),
    ("watch:\n  quite: 10ms\n", ["quite", "quiet"]),
    ("log:\n  level: loud\n", ["loud", "debug"]),
    ("profile: relaxed\n", ["relaxed", "lenient"]),
    ("on_invalid: drop\n", ["drop", "keep"]),
    ("redis:\n  url: http://x\n", ["redis[s]://", "embedded"]),
    ("redis:\n  url: redis://h:99999\n", ["port", "65535"]),
    ("collections:\n  - path: x\n", ["type"]),
    ("collections: []\n", ["collections"]),
    ("catalog: a\ncatalog: b\n", ["catalog"]),
    ("a: [\n", []),
    ("- a\n", ["mapping"]),
])
def test_a_wrong_value_is_refused_with_what_is_expected(scene, text, words):
    path = config(scene, text)
    done = scene.shelfd("-c", path, "-t")
    assert done.returncode != 0
    assert re.search(rf"{re.escape(path)}:\d+:\d+: ", done.stderr), done.stderr
    for word in words:
        assert word in done.stderr


def test_a_file_that_is_not_there_is_named(scene):
    done = scene.shelfd("-c", "/nowhere/shelfd.yaml", "-t")
    assert done.returncode != 0 and "/nowhere/shelfd.yaml" in done.stderr


def test_an_environment_variable_overrides_the_file_and_a_flag_overrides_both(scene):
    scene.checkout.skill("one")
    client = scene.redis()
    path = config(scene, f"catalog: from-file\nredis:\n  url: {scene.server.url}\n")
    common = ("-c", path, "-C", scene.checkout.root, "--once")
    for catalog in ("from-file", "from-environment", "from-flag"):
        scene.server.allow(catalog)
    scene.shelfd(*common, check=0)
    scene.shelfd(*common, check=0, SHELFD_CATALOG="from-environment")
    scene.shelfd(*common, "--catalog", "from-flag", check=0, SHELFD_CATALOG="from-environment")
    assert {key.split("{")[1].split("}")[0] for key in client.keys("*:head")} == {
        "from-file", "from-environment", "from-flag"}


def test_a_wrong_environment_variable_is_named(scene):
    done = scene.shelfd("-t", "-C", scene.checkout.root, SHELFD_LOG_LEVEL="loud")
    assert done.returncode != 0 and "SHELFD_LOG_LEVEL" in done.stderr


@pytest.mark.parametrize("arguments", [("--frobnicate",), ("-x",), ("extra",), ("--redis",)])
def test_a_wrong_argument_is_a_usage_error(scene, arguments):
    done = scene.shelfd(*arguments)
    assert done.returncode == 2 and "usage" in done.stderr.lower()


def test_help_and_version_go_to_standard_output(scene):
    done = scene.shelfd("--help", check=0)
    for flag in ("-c", "-C", "--redis", "--catalog", "--once", "--dry-run", "-t", "-v", "--version"):
        assert flag in done.stdout
    assert re.match(r"shelfd \d+\.\d+\.\d+", scene.shelfd("--version", check=0).stdout)


def test_a_root_that_is_not_there_is_named(scene):
    scene.redis()
    done = scene.shelfd("-C", "/nowhere/at/all", "--redis", scene.server.url, "--once")
    assert done.returncode != 0 and "/nowhere/at/all" in done.stderr


def test_a_good_reload_takes_effect_and_a_bad_one_keeps_the_old(scene):
    scene.checkout.skill("one")
    scene.checkout.write("prompts/hello.md", "---\nname: hello\ndescription: d\n---\n")
    daemon = scene.daemon().start()
    prompts = {"type": "prompt", "path": "prompts", "flat": ["*.md"]}
    skills = {"type": "skill", "path": "skills", "entry": ["SKILL.md"]}

    with open(daemon.config, "w", encoding="utf-8") as file:
        file.write("colections: []\n")
    daemon.send(1)
    daemon.wait_output("did you mean")
    daemon.assert_alive()
    scene.checkout.skill("two")
    scene.settle(daemon)
    assert sorted(scene.published().items) == ["skill/one", "skill/two"]

    daemon.configure(collections=[skills, prompts])
    daemon.send(1)
    until("the prompt is published", lambda: "prompt/hello" in scene.published().items)
    daemon.barrier()
    assert sorted(scene.published().items) == ["prompt/hello", "skill/one", "skill/two"]

    daemon.configure(collections=[prompts])
    daemon.send(1)
    until("the skills are gone", lambda: sorted(scene.published().items) == ["prompt/hello"])


def test_the_log_says_more_with_v_and_nothing_of_it_on_standard_output(scene):
    scene.checkout.skill("one")
    quiet = scene.once()
    loud = scene.once("-v", "-v")
    assert len(loud.stderr.splitlines()) > len(quiet.stderr.splitlines())
    assert loud.stdout.count("\n") == 1
