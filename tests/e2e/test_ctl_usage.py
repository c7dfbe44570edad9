"""shelfctl's command line: verbs, options, help, exit codes, completion. No daemon, no Redis."""
import os
import re
import subprocess

import pytest

from support.ctl import complete, shelfctl
from support.daemon import SHELFCTL, SOURCE, environment

VERBS = ["ls", "show", "watch", "history", "log", "diff", "status", "doctor", "problems", "lint", "explain", "parse", "validate",
         "sync", "completion", "help"]
NOBODY = "unix:///nowhere/redis.sock"


def test_help_lists_every_verb_on_stdout(folder):
    done = shelfctl(folder, "--help", check=0)
    assert [line.split()[0] for line in re.findall(r"verbs:\n(.*?)\n\n", done.stdout, re.S)[0].splitlines()] == VERBS
    assert done.stderr == ""
    assert shelfctl(folder, "help", check=0).stdout == done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_examples(folder, verb):
    done = shelfctl(folder, verb, "--help", check=0)
    assert done.stdout.startswith(f"usage: shelfctl {verb}")
    assert "examples:\n  " in done.stdout
    assert shelfctl(folder, "help", verb, check=0).stdout == done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_help_fits_eighty_columns(folder, verb):
    assert max(map(len, shelfctl(folder, verb, "--help", check=0).stdout.splitlines())) <= 80


def test_version_is_one_line(folder):
    assert re.fullmatch(r"shelfctl \d+\.\d+\.\d+\S*\n", shelfctl(folder, "--version", check=0).stdout)
    assert shelfctl(folder, "-V", check=0).stdout.startswith("shelfctl ")


@pytest.mark.parametrize("wrong, meant", [("stats", "status"), ("shwo", "show"), ("lnit", "lint"), ("wacth", "watch")])
def test_an_unknown_verb_gets_did_you_mean(folder, wrong, meant):
    done = shelfctl(folder, wrong, check=2)
    assert f"unknown verb {wrong}; did you mean {meant}?" in done.stderr
    assert done.stdout == ""
    assert f"did you mean {meant}?" in shelfctl(folder, "help", wrong, check=2).stderr


@pytest.mark.parametrize("arguments, says", [
    ([], "a verb is missing"),
    (["zzzzzz"], '"shelfctl help" lists them'),
    (["--jsno", "ls"], "did you mean --json?"),
    (["-x", "ls"], "unknown option -x"),
    (["ls", "--redis"], "--redis needs a value"),
    (["ls", "--json=yes"], "--json takes no value"),
    (["ls", "--color", "sometimes"], "auto, always or never"),
    (["ls", "--since", "3"], "ls has no option --since"),
    (["ls", "a", "b"], "usage: shelfctl ls [TYPE]"),
    (["show"], "usage: shelfctl show ITEM"),
    (["ls", "--catalog", "a b"], "--catalog a b"),
    (["ls", "--redis", "http://x"], "expected redis[s]://"),
    (["watch", "--since", "soon"], "a revision was expected"),
    (["watch", "--since", "-3"], "a revision was expected"),
    (["watch", "--count", "0"], "a number above 0"),
    (["sync", "--timeout", "long"], "a duration was expected"),
    (["sync", "--barrier", "skills"], "--barrier"),
    (["lint", "--format", "xml"], "text, json, sarif or github"),
    (["parse", "-"], "--type"),
    (["parse", "-", "--type", "skil"], "did you mean skill?"),
    (["parse", "-", "--type", "skill", "--format", "toml"], "markdown, yaml or json"),
    (["completion", "tcsh"], "tcsh"),
])
def test_wrong_usage_is_exit_2_with_a_sentence_on_stderr(folder, arguments, says):
    done = shelfctl(folder, *arguments, check=2)
    assert says in done.stderr
    assert done.stderr.startswith("shelfctl: ") and done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_options_may_stand_before_and_after_the_verb(folder):
    before = shelfctl(folder, "--redis", NOBODY, "ls", check=6)
    assert shelfctl(folder, "ls", f"--redis={NOBODY}", check=6).stderr == before.stderr
    assert NOBODY in before.stderr


def test_an_argument_after_two_dashes_is_no_option(folder):
    assert "no code is called --json" in shelfctl(folder, "explain", "--", "--json", check=1).stderr


@pytest.mark.parametrize("verb", [["ls"], ["show", "skill/pdf"], ["watch"], ["problems"], ["status"]])
def test_redis_that_is_not_there_is_exit_6(folder, verb):
    done = shelfctl(folder, "--redis", NOBODY, *verb, check=6)
    assert NOBODY in done.stderr


def test_the_embedded_address_is_the_socket_in_the_runtime_folder(folder):
    assert f"{folder}/rt/redis.sock" in shelfctl(folder, "ls", "--redis", "embedded", check=6,
                                                 RUNTIME_DIRECTORY=f"{folder}/rt").stderr


def test_the_environment_is_read_as_shelfd_reads_it(folder):
    assert NOBODY in shelfctl(folder, "ls", check=6, SHELFD_REDIS_URL=NOBODY).stderr


def test_a_wrong_configuration_is_said_with_its_place(folder):
    with open(os.path.join(folder, "bad.yaml"), "w", encoding="utf-8") as file:
        file.write("catalog: main\nredsi: {}\n")
    done = shelfctl(folder, "-c", "bad.yaml", "ls", check=1)
    assert re.match(r"bad\.yaml:2:1: error: .*redsi.*\[config-unknown-key\]\n", done.stderr)


def test_a_configuration_that_is_not_there_is_a_failure(folder):
    assert "none.yaml" in shelfctl(folder, "-c", "none.yaml", "ls", check=1).stderr


def test_a_terminal_escape_in_an_argument_is_not_passed_on(folder):
    done = shelfctl(folder, "explain", "a\x1b[2Jb", check=1)
    assert "\x1b" not in done.stderr and r"a\x1B[2Jb" in done.stderr


def test_color_only_on_a_terminal_or_when_asked_for(folder):
    assert "\x1b" not in shelfctl(folder, "explain", "id-empty", check=0).stdout
    assert "\x1b[" in shelfctl(folder, "explain", "id-empty", "--color=always", check=0).stdout


def test_a_reader_that_is_gone_ends_it_quietly(folder):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([SHELFCTL, "explain"], stdout=writer, stderr=subprocess.PIPE, env=environment(folder),
                          stdin=subprocess.DEVNULL, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_full_disk_is_a_failure(folder):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([SHELFCTL, "explain"], stdout=full, stderr=subprocess.PIPE, env=environment(folder),
                              stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 1 and b"standard output" in done.stderr


# Completion

def test_completion_bash_prints_the_installed_script(folder):
    installed = (SOURCE / "etc" / "completion" / "shelfctl").read_text(encoding="utf-8")
    assert shelfctl(folder, "completion", "bash", check=0).stdout == installed


def test_completion_offers_every_verb_that_fits(folder):
    assert complete(folder, "shelfctl ") == VERBS
    assert complete(folder, "shelfctl s") == ["show", "status", "sync"]
    assert complete(folder, "shelfctl --json w") == ["watch"]


def test_completion_offers_the_options_of_the_verb(folder):
    assert complete(folder, "shelfctl watch --s") == ["--socket", "--since", "--snapshot"]
    assert complete(folder, "shelfctl ls --s") == ["--socket"]


def test_completion_offers_the_values_of_an_option(folder):
    assert complete(folder, "shelfctl ls --color ") == ["auto", "always", "never"]
    assert complete(folder, "shelfctl ls --color=a") == ["auto", "always"]
    assert complete(folder, "shelfctl ls --color=") == ["auto", "always", "never"]
    assert complete(folder, "shelfctl parse --format j") == ["json"]
    assert complete(folder, "shelfctl validate --format y") == ["yaml"]
    assert complete(folder, "shelfctl validate --draft ") == ["7", "2020-12"]
    assert complete(folder, "shelfctl validate --schema mcp") == ["mcp", "mcp-server"]
    assert shelfctl(folder, "completion", "--words", "--", "validate", "--schema", "./s", check=0).stdout == ":file\n"


def test_completion_offers_codes_to_explain(folder):
    assert complete(folder, "shelfctl explain id-e") == ["id-empty"]


def test_completion_is_quiet_where_redis_is_away(folder):
    assert complete(folder, f"shelfctl --redis {NOBODY} show ") == []
