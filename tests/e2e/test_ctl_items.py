"""shelfctl ls, show, problems and status against a real Redis that a test filled. No daemon."""
import json
import os
import pty
import struct
import subprocess
import fcntl
import termios

import pytest

from support.ctl import complete, shelfctl
from support.daemon import SHELFCTL, environment
from support.redisserver import RedisServer
from support.waiting import PATIENCE
from support.writer import Writer

EVIL = "a\x1b]0;x\x07\u202eb\x9bc\nd\x7f"
SAFE = r"a\x1B]0;x\x07\xE2\x80\xAEb\xC2\x9Bc\x0Ad\x7F"


@pytest.fixture
def server(folder):
    made = RedisServer(os.path.join(folder, "redis")).start()
    yield made
    made.stop()


@pytest.fixture
def writer(server):
    return Writer(server.client()).begin()


def ctl(server, *arguments, **options):
    return shelfctl(server.folder, "--redis", server.reader, *arguments, **options)


def test_ls_of_no_catalog_is_a_sentence_and_no_failure(server):
    done = ctl(server, "ls", check=0)
    assert done.stdout == "" and done.stderr == "the catalog main is empty\n"
    server.allow("other")
    assert ctl(server, "--catalog", "other", "ls", "--json", check=0).stderr == "the catalog other is empty\n"


def test_ls_is_sorted_by_type_and_id(server, writer):
    for key in ("tool/b", "skill/z", "mcp/m", "skill/a/b", "skill/a"):
        writer.put(key, description=f"of {key}", version="1.0", git_state="committed")
    rows = [line.split() for line in ctl(server, "ls", check=0).stdout.splitlines()]
    assert rows[0] == ["ITEM", "VERSION", "STATE", "GIT", "DESCRIPTION"]
    assert [row[0] for row in rows[1:]] == ["mcp/m", "skill/a", "skill/a/b", "skill/z", "tool/b"]
    assert rows[1] == ["mcp/m", "1.0", "ok", "committed", "of", "mcp/m"]
    assert [line.split()[0] for line in ctl(server, "ls", "skill", check=0).stdout.splitlines()[1:]] == [
        "skill/a", "skill/a/b", "skill/z"]


def test_ls_without_a_description_shows_the_name(server, writer):
    writer.put("tool/js", name="The Formatter")
    assert ctl(server, "ls", check=0).stdout.splitlines()[1].endswith("The Formatter")


def test_ls_of_a_type_without_items_names_one_that_is_near(server, writer):
    writer.put("skill/a")
    done = ctl(server, "ls", "skil", check=0)
    assert done.stdout == "" and "did you mean skill?" in done.stderr


def test_ls_reads_many_items(server, writer):
    with writer.client.pipeline(transaction=False) as p:
        for n in range(1, 1201):
            p.hset(f"{writer.prefix}item:skill/n{n:04}", mapping={"type": "skill", "id": f"n{n:04}", "rev": n})
            p.zadd(f"{writer.prefix}index:skill", {f"n{n:04}": n})
        p.hset(writer.prefix + "head", mapping={"rev": 1200, "type_rev:skill": 1200})
        p.execute()
    assert [json.loads(line)["id"] for line in ctl(server, "ls", "--json", check=0).stdout.splitlines()] == [
        f"n{n:04}" for n in range(1, 1201)]


def test_ls_json_has_all_fields_with_their_types(server, writer):
    metadata = {"name": "pdf", "nested": {"list": [1, 2.5, None, True, "ä"]}}
    writer.put("skill/pdf", metadata=json.dumps(metadata), dependencies='["mcp/wiki"]', tags='["a","b"]', size=120,
               files=3, version="1.10", description="d", later="unknown to us")
    item = json.loads(ctl(server, "ls", "--json", check=0).stdout)
    assert item["metadata"] == metadata
    assert (item["dependencies"], item["tags"]) == (["mcp/wiki"], ["a", "b"])
    assert (item["size"], item["files"], item["rev"], item["created_rev"]) == (120, 3, 1, 1)
    assert item["version"] == "1.10"  # a string, never a number
    assert item["later"] == "unknown to us"
    assert "owner" not in item


def test_metadata_that_is_no_json_is_shown_as_a_string(server, writer):
    writer.put("skill/pdf", metadata="{broken")
    assert json.loads(ctl(server, "show", "skill/pdf", "--json", check=0).stdout)["metadata"] == "{broken"
    assert "{broken" in ctl(server, "show", "skill/pdf", check=0).stdout


def test_show_lays_out_all_fields(server, writer):
    writer.put("skill/pdf", name="pdf", metadata='{"a":{"b":[1]},"e":{},"f":[]}', sha256="0" * 64)
    text = ctl(server, "show", "skill/pdf", check=0).stdout
    assert text.startswith("skill/pdf\n")
    assert f"\n  sha256           {'0' * 64}\n" in text
    assert text.endswith(
        '\n  metadata         {\n    "a": {\n      "b": [\n        1\n      ]\n    },\n    "e": {},\n    "f": []\n  }\n')


def test_show_json_is_the_line_of_ls(server, writer):
    writer.put("skill/pdf", name="pdf", metadata='{"a":1}')
    assert ctl(server, "show", "skill/pdf", "--json", check=0).stdout == ctl(server, "ls", "--json", check=0).stdout


@pytest.mark.parametrize("word, near", [("pdf", "skill/pdf"), ("skill/pfd", "skill/pdf"), ("team/x", "skill/team/x")])
def test_show_of_an_unknown_item_names_one_that_is_near(server, writer, word, near):
    writer.put("skill/pdf")
    writer.put("skill/team/x")
    done = ctl(server, "show", word, check=1)
    assert f"did you mean {near}?" in done.stderr and done.stdout == ""


def test_nothing_from_redis_reaches_the_terminal_unescaped(server, writer):
    writer.put(f"skill/{EVIL}", name=EVIL, description=EVIL, version=EVIL, state=EVIL, git_state=EVIL, owner=EVIL,
               metadata=json.dumps({EVIL: EVIL}, ensure_ascii=False), strange=EVIL)
    writer.problems(EVIL, {"code": "yaml-syntax", "severity": "error", "line": 1, "column": 2, "message": EVIL,
                           "hint": EVIL})
    for arguments in (["ls"], ["show", f"skill/{EVIL}"], ["problems"]):
        text = ctl(server, *arguments, check=0).stdout
        assert not set(text) & set("\x1b\x07\u202e\x9b\x7f"), arguments
        assert SAFE in text
    assert json.loads(ctl(server, "ls", "--json", check=0).stdout)["name"] == EVIL


def terminal(server, columns, *arguments, **more):
    """What a terminal of so many columns gets."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {**environment(server.folder), "TERM": "xterm", **more}
    env = {k: v for k, v in env.items() if v is not None}
    with subprocess.Popen([SHELFCTL, "--redis", server.reader, *arguments], stdin=subprocess.DEVNULL, stdout=slave,
                          stderr=slave, env=env) as process:
        os.close(slave)
        text = b""
        try:
            while more := os.read(master, 65536):
                text += more
        except OSError:  # EIO: the other side is closed
            pass
        assert process.wait(PATIENCE) == 0, text
    os.close(master)
    return text.decode()


def test_a_table_fits_the_terminal(server, writer):
    writer.put("skill/pdf", version="1.0", git_state="committed", description="語" * 100)
    writer.put("skill/" + "long-name/" * 12 + "x", description="short")
    for columns in (60, 80, 120):
        for line in terminal(server, columns, "ls").splitlines():
            assert sum(2 if c == "語" else 1 for c in line) <= columns, line
    assert "…" in terminal(server, 60, "ls")


def test_a_table_is_not_cut_where_there_is_no_terminal(server, writer):
    writer.put("skill/pdf", description="d" * 500)
    assert "d" * 500 in ctl(server, "ls", check=0).stdout


def test_colors_on_a_terminal_unless_no_color(server, writer):
    writer.put("skill/pdf")
    assert "\x1b[1m" in terminal(server, 80, "ls", NO_COLOR=None)
    assert "\x1b[" not in terminal(server, 80, "ls", NO_COLOR="1")
    assert "\x1b[" not in terminal(server, 80, "ls", "--color=never", NO_COLOR=None)


def test_json_on_a_terminal_holds_the_same_value_without_controls(server, writer):
    writer.put("skill/pdf", name=EVIL)
    text = terminal(server, 80, "ls", "--json")
    assert not set(text) & set("\x1b\x07\u202e\x9b\x7f")
    assert json.loads(text)["name"] == EVIL


def test_problems_are_lines_with_place_and_code(server, writer):
    writer.problems("skills/b/SKILL.md",
                    {"code": "yaml-syntax", "severity": "error", "line": 3, "column": 7, "message": "what is wrong",
                     "hint": "how to mend it"},
                    {"code": "name-format", "severity": "warning", "line": 2, "column": 1, "message": "a rule",
                     "pointer": "/name"})
    writer.problems("skills/a.md", {"code": "too-large", "severity": "error", "message": "it is too large"})
    done = ctl(server, "problems", check=0)
    assert done.stdout.splitlines() == [
        "skills/a.md: error: it is too large [too-large]",
        "skills/b/SKILL.md:3:7: error: what is wrong; how to mend it [yaml-syntax]",
        "skills/b/SKILL.md:2:1: warning: a rule [name-format]",
    ]
    lines = [json.loads(line) for line in ctl(server, "problems", "--json", check=0).stdout.splitlines()]
    assert lines[1] == {"path": "skills/b/SKILL.md", "code": "yaml-syntax", "severity": "error", "line": 3,
                        "column": 7, "message": "what is wrong", "hint": "how to mend it"}
    assert lines[2]["pointer"] == "/name"


def test_problems_of_one_path_or_folder(server, writer):
    for path in ("skills/a/SKILL.md", "skills/ab/SKILL.md", "tools/100%25.yaml"):
        writer.problems(path, {"code": "unreadable", "severity": "error", "message": "m"})
    assert ctl(server, "problems", "./skills/a/", check=0).stdout.count("\n") == 1
    assert ctl(server, "problems", "skills", check=0).stdout.count("\n") == 2
    assert ctl(server, "problems", "tools/100%.yaml", check=0).stdout.startswith("tools/100%25.yaml: ")
    assert ctl(server, "problems", "tools/100%25.yaml", check=0).stdout.startswith("tools/100%25.yaml: ")
    done = ctl(server, "problems", "skills/none", check=0)
    assert done.stdout == "" and done.stderr == "no problems in skills/none\n"


def test_no_problems_are_a_sentence(server, writer):
    done = ctl(server, "problems", check=0)
    assert done.stdout == "" and done.stderr == "no problems in the catalog main\n"


def test_status_without_a_daemon_shows_the_catalog_and_is_exit_3(server, writer):
    writer.put("skill/pdf")
    done = ctl(server, "status", check=3)
    assert "not running" in done.stdout and "no heartbeat" in done.stderr
    assert "revision    1 (generation " in done.stdout
    status = json.loads(ctl(server, "status", "--json", check=3).stdout)
    assert status["running"] is False and status["redis"] == {"url": server.address, "reachable": True}
    assert status["head"]["rev"] == 1
    assert (status["rev"], status["generation"], status["problems"]) == (1, writer.generation, 0)
    assert "pid" not in status


def test_status_with_a_heartbeat_is_running(server, writer):
    writer.client.hset(writer.prefix + "heartbeat", mapping={
        "state": "ready", "rev": 0, "pid": 4711, "host": "far", "version": "9.9", "started": "2026-01-01T00:00:00.000Z"})
    writer.client.set(writer.prefix + "lease", "nonce")
    done = ctl(server, "status", check=0)
    assert "running: version 9.9, pid 4711 on far" in done.stdout
    status = json.loads(ctl(server, "status", "--json", check=0).stdout)
    assert status["running"] is True and status["heartbeat"]["pid"] == 4711 and status["lease"] == "nonce"


def test_a_wrong_password_is_exit_4(folder):
    server = RedisServer(os.path.join(folder, "redis"), "--requirepass", "right").start()
    try:
        assert "WRONGPASS" in ctl(server, "ls", check=4).stderr or "NOAUTH" in ctl(server, "ls", check=4).stderr
        secret = os.path.join(folder, "secret")
        with open(secret, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
            file.write("right\n")
        with open(os.path.join(folder, "c.yaml"), "w", encoding="utf-8") as file:
            file.write(f"redis:\n  url: {server.reader}\n  password_file: {secret}\n")
        assert "is empty" in shelfctl(folder, "-c", "c.yaml", "ls", check=0).stderr
    finally:
        server.stop()


def test_a_key_of_the_wrong_type_is_a_failure_with_a_reason(server):
    server.client().set("shelf:{main}:head", "x")
    assert "WRONGTYPE" in ctl(server, "ls", check=6).stderr


def test_completion_offers_types_and_items(server, writer):
    for key in ("skill/pdf", "skill/pandoc", "tool/js"):
        writer.put(key)
    assert complete(server.folder, f"shelfctl --redis {server.reader} ls ") == ["skill", "tool"]
    assert complete(server.folder, f"shelfctl show --redis={server.reader} skill/p") == ["skill/pandoc", "skill/pdf"]


def test_completion_quotes_what_comes_from_redis(server, writer):
    """A name must not become a command when it is completed."""
    writer.put("skill/$(touch pwned)")
    writer.put("skill/\x1b[2J")
    assert complete(server.folder, f"shelfctl --redis {server.reader} show sk") == [r"skill/\$\(touch\ pwned\)"]
    assert not os.path.exists(os.path.join(server.folder, "pwned"))
