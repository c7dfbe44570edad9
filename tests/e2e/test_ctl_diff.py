"""shelfctl diff: nothing after a sync, and after each thing done to the disk or to Redis just that."""
import json
import os

import pytest
import yaml

from oracle.published import prefix
from support.daemon import SHELFCTL, run
from support.faults import from_start, met


@pytest.fixture
def synced(scene):
    """A checkout of which all is in Redis."""
    scene.checkout.skill("one", version="1.0")
    scene.checkout.skill("two")
    scene.checkout.write("skills/two/notes.txt", "Notes.\n")
    scene.checkout.write("tools/js.yaml", "name: js\ndescription: d\nstatus: draft\n")
    scene.checkout.write("mcps/wiki/server.json", '{"name": "wiki", "description": "d", "version": "1"}')
    scene.checkout.write(".gitignore", "*.tmp\nskills/secret/\n")
    scene.checkout.skill("secret/ignored")
    scene.checkout.commit()
    scene.once()
    assert len(scene.check().items) == 4
    return scene


def diff(scene, *arguments, check=None):
    return scene.shelfctl("diff", "--redis", scene.server.reader, "-C", scene.checkout.root, *arguments, check=check)


def found(scene, *arguments):
    """{key: (op, fields)}; fields: {name: (of Redis, of the disk)}"""
    done = diff(scene, "--json", *arguments)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    keys = [f"{row['type']}/{row['id']}" for row in rows]
    assert keys == sorted(set(keys)) and done.returncode == (5 if rows else 0), done.stderr
    return {key: (row["op"], {name: (v.get("redis"), v.get("disk")) for name, v in row["fields"].items()})
            for key, row in zip(keys, rows)}


def test_after_a_sync_nothing_differs(synced):
    done = diff(synced, check=0)
    assert (done.stdout, done.stderr) == ("", "no difference: 4 items\n")
    assert found(synced) == {}


def test_what_git_ignores_is_not_missed(synced):
    synced.checkout.write("skills/two/x.tmp", "x")
    synced.checkout.write(".git/info/exclude", "skills/private/\n")
    synced.checkout.skill("private")
    assert found(synced) == {}
    synced.checkout.git("add", "-f", "skills/secret/ignored/SKILL.md")
    assert found(synced) == {"skill/secret/ignored": ("created", {})}


def test_each_change_of_the_disk_is_told(synced):
    item = synced.published().items
    synced.checkout.skill("one", version="1.1")
    synced.checkout.write("skills/two/notes.txt", "Others.\n")
    synced.checkout.write("tools/js.yaml", "name: js\ndescription: d\nstatus: archived\n")
    synced.checkout.remove("mcps/wiki")
    synced.checkout.skill("three")
    rows = found(synced)
    assert {key: (op, sorted(fields)) for key, (op, fields) in rows.items()} == {
        "mcp/wiki": ("deleted", []),
        "skill/one": ("updated", ["bundle_sha256", "metadata_sha256", "sha256", "version"]),
        "skill/three": ("created", []),
        "skill/two": ("updated", ["bundle_sha256"]),
        "tool/js": ("updated", ["bundle_sha256", "metadata_sha256", "sha256", "status"])}
    assert rows["skill/one"][1]["version"] == ("1.0", "1.1")
    assert rows["tool/js"][1]["status"] == ("draft", "archived")
    synced.once()
    after = synced.check().items
    for key in ("skill/one", "skill/two", "tool/js"):
        for name, (before, now) in rows[key][1].items():
            assert (item[key][name], after[key][name]) == (before, now)
    assert found(synced) == {}


def test_text_says_what_a_sync_would_do(synced):
    synced.checkout.remove("skills/one")
    synced.checkout.skill("zero")
    synced.checkout.write("tools/js.yaml", "name: js\ndescription: d\nversion: 2\nstatus: draft\n")
    done = diff(synced, check=5)
    lines = done.stdout.splitlines()
    assert lines[0] == "- skill/one  skills/one/SKILL.md" and lines[1] == "+ skill/zero  skills/zero/SKILL.md"
    assert lines[2] == "~ tool/js  tools/js.yaml" and lines[3].split() == ["version", "(none)", "->", "2"]
    assert done.stderr == "3 of 5 items differ\n"


def test_a_manifest_that_broke_is_stale_and_one_that_never_was_good_is_nothing(synced):
    synced.checkout.write("skills/one/SKILL.md", "---\nname: [\n---\n")
    synced.checkout.write("skills/never/SKILL.md", "---\nname: [\n---\n")
    assert found(synced) == {"skill/one": ("updated", {"state": ("ok", "stale")})}
    synced.once()
    assert synced.published().items["skill/one"]["state"] == "stale"
    assert found(synced) == {}
    synced.checkout.skill("one", version="1.0")
    assert found(synced) == {"skill/one": ("updated", {"state": ("stale", "ok")})}


def test_a_move_and_a_loser_of_an_id_are_as_a_sync_has_them(synced):
    synced.checkout.rename("tools/js.yaml", "tools/js/tool.yaml")
    synced.checkout.write("skills/two.md", "---\nname: two\ndescription: the flat one loses\n---\n")
    rows = found(synced)
    synced.once()
    assert "tool/js" in rows and rows["tool/js"][1]["path"] == ("tools/js.yaml", "tools/js/tool.yaml")
    assert found(synced) == {}


def test_what_was_done_to_redis_is_told(synced):
    client = synced.server.client()
    client.hset(prefix() + "item:skill/one", "sha256", "0" * 64)
    client.hset(prefix() + "item:skill/evil\x1b[2J", mapping={"path": "p\x07"})
    client.zadd(prefix() + "index:skill", {"evil\x1b[2J": 99})
    rows = found(synced)
    assert rows["skill/one"][1]["sha256"][0] == "0" * 64 and rows["skill/evil\x1b[2J"][0] == "deleted"
    text = diff(synced).stdout
    assert "- skill/evil\\x1B[2J  p\\x07\n" in text and "\x1b" not in text


def test_another_configuration_is_told_by_what_it_makes_of_the_same_files(synced):
    synced.checkout.skill("one", version="1.0", title="The first", labels="[a]")
    synced.once()
    config = os.path.join(synced.folder, "other.yaml")
    with open(config, "w", encoding="utf-8") as file:
        yaml.safe_dump({"collections": [{"type": "skill", "path": "skills", "entry": ["SKILL.md"], "fields": {
            "name": ["/title", "/name"], "tags": "/labels", "description": "/nowhere", "owner": "/title",
            "dependencies": "/labels"}}]}, file)
    rows = found(synced, "-c", config)
    said = "What it does, and when to use it."
    assert {key: row for key, row in rows.items() if key.startswith("skill/")} == {
        "skill/one": ("updated", {"name": ("one", "The first"), "tags": (None, '["a"]'), "description": (said, None),
                                  "owner": (None, "The first"), "dependencies": (None, '["a"]')}),
        "skill/two": ("updated", {"description": (said, None)})}
    synced.shelfd("-c", config, "-C", synced.checkout.root, "--redis", synced.server.url, "--once", check=0)
    assert found(synced, "-c", config) == {}


def test_an_empty_catalog_lacks_everything_and_an_empty_disk_has_nothing(synced):
    synced.server.client().flushall()
    assert {op for op, _ in found(synced).values()} == {"created"}
    synced.once()
    for name in ("skills", "tools", "mcps"):
        synced.checkout.remove(name)
    done = diff(synced, check=1)
    assert "nothing to compare" in done.stderr
    synced.checkout.write("skills/README", "x")
    assert {op for op, _ in found(synced).values()} == {"deleted"}


def test_outside_of_git_it_compares_as_well(scene):
    scene.redis()
    scene.checkout.remove(".git")
    scene.checkout.skill("one")
    assert found(scene) == {"skill/one": ("created", {})}
    scene.once()
    assert found(scene) == {}


def test_a_bundle_that_cannot_be_read_whole_is_stale_as_it_is_for_shelfd(synced):
    """The file is there, but the disk gives it to nobody."""
    done = run(*from_start(synced.folder, "openat2:error=EIO", only=["skills/two/notes.txt"]), SHELFCTL, "diff", "--json", "--redis",
               synced.server.reader, "-C", synced.checkout.root, folder=synced.folder, check=5,
               ASAN_OPTIONS="detect_leaks=0")
    assert met(synced.folder)
    [row] = map(json.loads, done.stdout.splitlines())
    assert (row["id"], row["fields"]) == ("two", {"state": {"redis": "ok", "disk": "stale"}})
    assert "skills/two/SKILL.md: " in done.stderr


def test_trouble_is_no_difference(synced):
    synced.server.client().execute_command("ACL", "SETUSER", "reader", "-zrange")
    assert "NOPERM" in diff(synced, check=4).stderr
    synced.server.stop()
    assert diff(synced, check=6).stdout == ""
