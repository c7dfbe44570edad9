"""shelfctl beside a real shelfd: what one publishes the other shows. Each verb by itself is in test_ctl_*.py."""
import json

import pytest

from support.ctl import Follower


@pytest.fixture
def daemon(scene):
    """A running shelfd; shelfctl finds it by the same configuration, and reads Redis with the rights of a reader."""
    scene.redis("--appendonly", "yes", "--appendfsync", "always")
    scene.checkout.skill("one", version="1.2.0")
    scene.checkout.skill("two")
    scene.checkout.write("skills/bad/SKILL.md", "---\nname: bad\ndescription: Use when: never\n---\n")
    scene.checkout.write("skills/evil/SKILL.md", '---\nname: "\\e[31mred"\ndescription: "\\u202Eevil"\n---\n')
    scene.checkout.commit()
    return scene.daemon().start()


def test_every_view_shows_what_was_published(scene, daemon):
    ctl = ("-c", daemon.config, "--redis", scene.server.reader)
    have = scene.published()
    listed = [json.loads(line) for line in scene.shelfctl(*ctl, "ls", "--json", check=0).stdout.splitlines()]
    assert [f"{row['type']}/{row['id']}" for row in listed] == sorted(have.items)
    shown = json.loads(scene.shelfctl(*ctl, "show", "skill/one", "--json", check=0).stdout)
    assert shown["sha256"] == have.items["skill/one"]["sha256"] and shown["version"] == "1.2.0"
    assert "skills/bad/SKILL.md:3:" in scene.shelfctl(*ctl, "problems", check=None).stdout
    status = json.loads(scene.shelfctl(*ctl, "status", "--json", check=0).stdout)
    assert status["generation"] == have.head["generation"] and status["rev"] == int(have.head["rev"])
    assert status["items"] == 3 and status["problems"] == int(have.head["problems"])


def test_history_log_and_diff_agree_with_what_was_done(scene, daemon):
    ctl = ("-c", daemon.config, "--redis", scene.server.reader)

    def rows(*arguments, check=0):
        return [json.loads(line) for line in scene.shelfctl(*ctl, *arguments, "--json", check=check).stdout.splitlines()]

    before = scene.published().items["skill/one"]
    scene.checkout.skill("one", "Edited.", version="1.3.0")
    scene.checkout.remove("skills/two")
    daemon.barrier()
    after = scene.published().items["skill/one"]
    assert rows("diff", "-C", scene.checkout.root) == []
    newest, oldest = rows("history", "skill/one")
    for row, item, op in ((newest, after, "updated"), (oldest, before, "created")):
        assert row["op"] == op and row["rev"] == int(item["rev"])
        for name in ("version", "state", "sha256", "bundle_sha256", "metadata_sha256", "commit"):
            assert row[name] == item[name]
    assert [row["op"] for row in rows("history", "skill/two")] == ["deleted", "created"]
    assert [row["rev"] for row in rows("history")] == list(range(scene.rev(), 0, -1))
    [first] = rows("log")
    assert (first["trigger"], first["created"], first["errors"]) == ("start", 3, 1)
    daemon.stop()
    scene.checkout.skill("three")
    [row] = rows("diff", "-C", scene.checkout.root, check=5)
    assert (row["op"], row["id"]) == ("created", "three")


def test_what_a_manifest_says_can_not_touch_the_terminal(scene, daemon):
    for arguments in (("ls",), ("show", "skill/evil"), ("problems",)):
        text = scene.shelfctl("--redis", scene.server.reader, *arguments, check=None).stdout
        assert text and "\x1b" not in text and "\u202e" not in text


def test_sync_waits_until_everything_is_published(scene, daemon):
    for paths in ((), ("skills/one",)):
        scene.checkout.skill("one", f"Edited before {len(paths)}.")
        scene.shelfctl("-c", daemon.config, "sync", "--wait", *(scene.checkout.path(p) for p in paths), check=0)
        scene.check()


def test_watch_since_0_prints_every_change_once_in_order_over_restarts_of_both(scene, daemon):
    with Follower(scene.folder, "--redis", scene.server.reader, "watch", "--json", "--since", "0") as watch:
        watch.lines(3)
        daemon.stop()
        scene.server.stop()
        scene.server.start()
        daemon.start()
        scene.checkout.skill("one", "Edited after both restarts.")
        shown = [json.loads(line)["data"] for line in watch.lines(4)]
    assert [row["rev"] for row in shown] == [1, 2, 3, 4]
    assert (shown[-1]["op"], shown[-1]["id"]) == ("updated", "one")
