"""shelfctl history and log against a real Redis that a test filled. No daemon."""
import json
import os

import pytest

from support.ctl import complete, shelfctl
from support.redisserver import RedisServer
from support.writer import Writer


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


def rows(server, *arguments):
    return [json.loads(line) for line in ctl(server, *arguments, "--json", check=0).stdout.splitlines()]


def version(writer, key, rev, **fields):
    writer.client.xadd(f"{writer.prefix}history:{key}", {"time": f"2024-03-0{rev % 10}T12:00:00.000Z", **fields}, id=f"{rev}-0")


def sync(writer, **fields):
    return writer.client.xadd(writer.prefix + "syncs", {
        "trigger": "start", "status": "ok", "started": "2024-03-01T12:00:00.000Z", "finished": "2024-03-01T12:00:01.000Z",
        "created": 3, "updated": 2, "deleted": 1, "unchanged": 40, "errors": 0, "agent": "far-1", **fields})


def test_the_versions_of_an_item_are_listed_the_newest_first(server, writer):
    version(writer, "skill/team/pdf", 3, op="created", state="ok", version="1.0", bundle_sha256="ab" * 32, commit="12" * 20)
    version(writer, "skill/team/pdf", 7, op="updated", state="stale", version="1.1", bundle_sha256="cd" * 32)
    version(writer, "skill/team/pdf", 9, op="deleted", commit="34" * 20)
    text = ctl(server, "history", "skill/team/pdf", check=0).stdout.splitlines()
    assert [line.split() for line in text] == [
        ["REV", "TIME", "CHANGE", "STATE", "VERSION", "BUNDLE", "COMMIT"],
        ["9", "2024-03-09T12:00:00.000Z", "deleted", "3434343434"],
        ["7", "2024-03-07T12:00:00.000Z", "updated", "stale", "1.1", "cdcdcdcdcdcd"],
        ["3", "2024-03-03T12:00:00.000Z", "created", "ok", "1.0", "abababababab", "1212121212"]]
    assert rows(server, "history", "skill/team/pdf", "-n", "1") == [{
        "rev": 9, "op": "deleted", "type": "skill", "id": "team/pdf", "time": "2024-03-09T12:00:00.000Z", "commit": "34" * 20}]
    assert rows(server, "history", "skill/team/pdf")[1] == {
        "rev": 7, "op": "updated", "type": "skill", "id": "team/pdf", "time": "2024-03-07T12:00:00.000Z", "state": "stale",
        "version": "1.1", "bundle_sha256": "cd" * 32}


def test_without_an_item_the_last_changes_of_all_are_listed(server, writer):
    for n in range(30):
        writer.put(f"skill/s{n}", version=str(n), sha256=f"{n:02x}", path=f"skills/s{n}/SKILL.md")
    writer.drop("skill/s7")
    assert [row["rev"] for row in rows(server, "history")] == list(range(31, 11, -1))
    assert rows(server, "history", "--count", "2") == [
        {"rev": 31, "op": "deleted", "type": "skill", "id": "s7"},
        {"rev": 30, "op": "created", "type": "skill", "id": "s29", "version": "29", "sha256": "1d",
         "path": "skills/s29/SKILL.md"}]
    lines = ctl(server, "history", check=0).stdout.splitlines()
    assert len(lines) == 21 and lines[1].split() == ["31", "deleted", "skill/s7"]


def test_more_than_one_answer_of_redis_is_listed_whole(server, writer):
    for n in range(1203):
        writer.put(f"skill/s{n % 5}")
    assert [row["rev"] for row in rows(server, "history", "--count", "1200")] == list(range(1203, 3, -1))
    assert len(rows(server, "history", "--count", "99999")) == 1203


def test_history_of_an_unknown_item_is_a_failure_that_names_one_that_is_near(server, writer):
    writer.put("skill/pdf")
    done = ctl(server, "history", "skill/pfd", check=1)
    assert done.stdout == "" and "no item skill/pfd" in done.stderr and "skill/pdf" in done.stderr


def test_an_empty_catalog_is_a_sentence_and_no_failure(server):
    assert ctl(server, "history", check=0).stderr == "the catalog main has no changes\n"
    assert ctl(server, "log", check=0).stderr == "no sync of the catalog main is recorded\n"
    assert ctl(server, "log", "--json", check=0).stdout == ""


def test_log_lists_the_syncs_the_newest_first(server, writer):
    sync(writer)
    last = sync(writer, trigger="webhook", errors=2, created=0, commit="ab" * 20)
    lines = ctl(server, "log", check=0).stdout.splitlines()
    assert [line.split() for line in lines] == [
        ["FINISHED", "TRIGGER", "STATUS", "CHANGES", "UNCHANGED", "BROKEN", "COMMIT", "ERROR"],
        ["2024-03-01T12:00:01.000Z", "webhook", "ok", "+0", "~2", "-1", "40", "2", "ababababab"],
        ["2024-03-01T12:00:01.000Z", "start", "ok", "+3", "~2", "-1", "40", "0"]]
    [row] = rows(server, "log", "--count", "1")
    assert row == {"id": last, "trigger": "webhook", "status": "ok", "started": "2024-03-01T12:00:00.000Z",
                   "finished": "2024-03-01T12:00:01.000Z", "created": 0, "updated": 2, "deleted": 1, "unchanged": 40,
                   "errors": 2, "agent": "far-1", "commit": "ab" * 20}


def test_what_comes_from_redis_is_escaped(server, writer):
    version(writer, "skill/a", 1, op="created", version="\x1b[2J")
    sync(writer, trigger="\x1b[2J", more="\x07")
    writer.put("skill/\u202e")
    for arguments in (("history", "skill/a"), ("history",), ("log",)):
        text = ctl(server, *arguments, check=0).stdout
        assert "\\x" in text and not set(text) & set("\x1b\x07\u202e")
    assert rows(server, "log")[0]["more"] == "\x07"


def test_records_that_are_not_as_expected_are_no_crash(server, writer):
    writer.client.xadd(writer.prefix + "changes", {"event": "{"}, id="1-0")
    writer.client.xadd(writer.prefix + "changes", {"event": '{"data":{"type":["x"],"id":{}}}'}, id="2-0")
    writer.client.xadd(writer.prefix + "changes", {"x": "y"}, id="3-0")
    writer.client.xadd(writer.prefix + "history:skill/a", {"x": "y"}, id="3-0")
    writer.client.xadd(writer.prefix + "syncs", {"created": "x", "id": "y"})
    assert ctl(server, "history", check=0).stdout.count("\n") == 1
    assert rows(server, "history", "skill/a") == [{"rev": 3, "type": "skill", "id": "a"}]
    assert rows(server, "log")[0]["created"] == "x"


@pytest.mark.parametrize("verb", ["history", "log"])
def test_a_wrong_count_a_wrong_type_and_no_permission_have_their_codes(server, verb):
    assert "a number above 0" in ctl(server, verb, "--count", "0", check=2).stderr
    key = "changes" if verb == "history" else "syncs"
    server.client().set("shelf:{main}:" + key, "x")
    assert "WRONGTYPE" in ctl(server, verb, check=6).stderr
    server.client().execute_command("ACL", "SETUSER", "reader", "-xrevrange")
    assert "NOPERM" in ctl(server, verb, check=4).stderr
    server.stop()
    assert ctl(server, verb, check=6).stdout == ""


def test_completion_offers_items_for_history(server, writer):
    writer.put("skill/pdf")
    assert complete(server.folder, f"shelfctl --redis {server.reader} history sk") == ["skill/pdf"]
