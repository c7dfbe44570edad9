"""shelfctl watch against a real Redis and a writer that follows the protocol. No daemon."""
import json
import os
import signal

import pytest

from support.ctl import Follower, complete, shelfctl
from support.redisserver import RedisServer
from support.waiting import until
from support.writer import Writer

SECOND = "fedcba9876543210fedcba9876543210"


@pytest.fixture
def server(folder):
    made = RedisServer(os.path.join(folder, "redis"), "--appendonly", "yes", "--appendfsync", "always").start()
    yield made
    made.stop()


@pytest.fixture
def writer(server):
    return Writer(server.client()).begin()


def watch(server, *arguments):
    return Follower(server.folder, "--redis", server.reader, "watch", *arguments)


def blocked(server):
    """Waits until a consumer waits in XREAD: from then on it misses nothing."""
    client = server.client()
    until("a consumer waits", lambda: client.info("clients")["blocked_clients"] > 0)


def revisions(lines):
    return [json.loads(line)["data"]["rev"] for line in lines]


def test_watch_prints_changes_from_now_on(server, writer):
    writer.put("skill/old", path="skills/old/SKILL.md")
    with watch(server) as follower:
        blocked(server)
        writer.put("skill/pdf", version="1.2.0", path="skills/pdf/SKILL.md")
        writer.put("skill/pdf", version="1.3.0", path="skills/pdf/SKILL.md")
        writer.put("tool/js", path="tools/js.yaml", renamed_from="tool/ecma")
        writer.drop("skill/pdf")
        assert follower.lines(4) == [
            "+ skill/pdf  1.2.0  rev 2  skills/pdf/SKILL.md",
            "~ skill/pdf  1.3.0  rev 3  skills/pdf/SKILL.md",
            "+ tool/js  rev 4  tools/js.yaml  (was tool/ecma)",
            "- skill/pdf  rev 5",
        ]
        assert follower.stop() == 0
        assert follower.errors() == ""


def test_watch_since_begins_after_that_revision(server, writer):
    for n in range(1, 6):
        writer.put(f"skill/s{n}")
    done = shelfctl(server.folder, "--redis", server.reader, "watch", "--since", "2", "--count", "3", "--json", check=0)
    assert revisions(done.stdout.splitlines()) == [3, 4, 5]


def test_watch_since_takes_the_id_of_an_event(server, writer):
    for n in range(1, 4):
        writer.put(f"skill/s{n}")
    done = shelfctl(server.folder, "--redis", server.reader, "watch", "--since", f"{writer.generation}.1", "-n", "2",
                    check=0)
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["skill/s2", "skill/s3"]
    done = shelfctl(server.folder, "--redis", server.reader, "watch", "--since", f"{SECOND}.1", "-n", "3", check=0)
    assert "began a new life" in done.stderr and done.stdout.count("\n") == 3


def test_a_snapshot_is_all_that_is_there_and_then_the_tail(server, writer):
    writer.put("skill/b", path="skills/b/SKILL.md", version="1")
    writer.put("skill/a")
    writer.put("skill/gone")
    writer.put("skill/b", path="skills/b/SKILL.md", version="2", sha256="12")
    writer.drop("skill/gone")
    with watch(server, "--snapshot") as follower:
        assert follower.lines(2) == ["+ skill/a  rev 2", "+ skill/b  2  rev 4  skills/b/SKILL.md"]
        follower.wait_errors("2 items at revision 5; changes follow\n")
        blocked(server)
        writer.put("tool/c")
        assert follower.lines(3)[2] == "+ tool/c  rev 6"
    done = shelfctl(server.folder, "--redis", server.reader, "watch", "--snapshot", "--json", "-n", "3", check=0)
    reset, *items = map(json.loads, done.stdout.splitlines())
    assert reset["type"] == "dev.shelfd.catalog.reset"
    assert reset["data"] == {"generation": writer.generation, "rev": 6, "items": 3}
    assert [(i["subject"], i["data"]["rev"], i["data"]["op"]) for i in items] == [
        ("skill/a", 2, "created"), ("skill/b", 4, "created"), ("tool/c", 6, "created")]
    assert items[1]["data"]["sha256"] == "12"


def test_a_snapshot_of_an_empty_catalog_is_empty_and_goes_on(server, writer):
    with watch(server, "--snapshot") as follower:
        follower.wait_errors("0 items at revision 0; changes follow")
        writer.put("skill/a")
        assert follower.lines(1) == ["+ skill/a  rev 1"]


def test_one_type_is_followed_through_snapshot_stream_gap_and_reset(server, writer):
    writer.put("skill/a")
    writer.put("tool/a")
    with watch(server, "--snapshot", "--type", "tool") as follower:
        assert follower.lines(1) == ["+ tool/a  rev 2"]
        blocked(server)
        writer.put("skill/b")
        writer.put("tool/b")
        assert follower.lines(2)[1] == "+ tool/b  rev 4"
        writer.put("tool/c", stream=False)
        writer.put("skill/c", stream=False)
        writer.drop("skill/a", stream=False)
        writer.drop("tool/a", stream=False)
        writer.put("toolbox/c", stream=False)
        writer.drop("toolbox/c", stream=False)
        writer.put("skill/d")
        assert follower.lines(4)[2:] == ["+ tool/c  rev 5", "- tool/a  rev 8"]
        follower.wait_errors("revisions 5 to")
        writer.begin(SECOND)
        writer.put("skill/x")
        writer.put("tool/x")
        assert follower.lines(5)[4] == "+ tool/x  rev 2"


def test_completion_offers_the_types_of_the_catalog(server, writer):
    writer.put("skill/a")
    writer.put("prompt/a")
    assert complete(server.folder, f"shelfctl --redis {server.reader} watch --type ") == ["prompt", "skill"]
    assert complete(server.folder, f"shelfctl --redis {server.reader} watch --type=s") == ["skill"]
    assert complete(server.folder, "shelfctl lint --type s") == ["skill"]


def test_a_snapshot_has_no_place_to_begin(server):
    done = shelfctl(server.folder, "--redis", server.reader, "watch", "--snapshot", "--since", "1", check=2)
    assert "exclude each other" in done.stderr


def test_entries_of_others_in_the_stream_are_passed_over_without_haste(server, writer):
    """They come again with every answer."""
    writer.put("skill/a")
    with watch(server, "--json") as follower:
        blocked(server)
        server.client().xadd(writer.prefix + "changes", {"x": "y"}, id="1-1")
        until("it saw that", lambda: server.client().info("clients")["blocked_clients"] == 0)
        before = server.client().info("commandstats")["cmdstat_xread"]["calls"]
        writer.put("skill/b")
        assert revisions(follower.lines(1)) == [2]
        assert server.client().info("commandstats")["cmdstat_xread"]["calls"] - before < 20


def test_watch_json_is_the_event_as_it_is(server, writer):
    writer.put("skill/pdf", path="skills/pdf/SKILL.md", version="1")
    done = shelfctl(server.folder, "--redis", server.reader, "watch", "--since", "0", "-n", "1", "--json", check=0)
    [(_, fields)] = writer.client.xrange(writer.prefix + "changes")
    assert done.stdout == fields["event"] + "\n"


def test_watch_reads_more_than_one_answer_in_order(server, writer):
    for n in range(1, 1001):
        writer.put(f"skill/s{n % 7}")
    done = shelfctl(server.folder, "--redis", server.reader, "watch", "--since", "0", "-n", "1000", "--json", check=0)
    assert revisions(done.stdout.splitlines()) == list(range(1, 1001))


def test_watch_escapes_what_comes_from_redis(server, writer):
    writer.put("skill/a\x1b[2J", path="p\x07", version="\u202e1")
    done = shelfctl(server.folder, "--redis", server.reader, "watch", "--since", "0", "-n", "1", check=0)
    assert done.stdout == "+ skill/a\\x1B[2J  \\xE2\\x80\\xAE1  rev 1  p\\x07\n"


def test_a_gap_in_the_stream_is_filled_from_the_indexes(server, writer):
    writer.put("skill/a")
    with watch(server) as follower:
        blocked(server)
        writer.put("skill/b", stream=False, version="2", path="b")
        writer.put("tool/c", stream=False)
        writer.put("skill/b", stream=False, version="3", path="b")
        writer.put("skill/a", stream=False)
        writer.drop("tool/c", stream=False)
        writer.put("skill/d")
        writer.put("skill/e")
        assert follower.lines(5) == [
            "+ skill/b  3  rev 4  b", "~ skill/a  rev 5", "- tool/c  rev 6", "+ skill/d  rev 7", "+ skill/e  rev 8"]
        assert "revisions 2 to" in follower.errors()


def test_changes_that_never_reach_the_stream_are_found_by_the_head(server, writer):
    with watch(server, "--json") as follower:
        blocked(server)
        writer.put("skill/a", stream=False)
        [event] = map(json.loads, follower.lines(1))
        assert (event["type"], event["subject"]) == ("dev.shelfd.item.created", "skill/a")
        assert event["id"] == f"{writer.generation}.1" and event["data"]["op"] == "created"


def test_a_trimmed_stream_gives_the_rest_from_the_indexes(server, writer):
    for n in range(1, 11):
        writer.put(f"skill/s{n % 3}")
    writer.client.xtrim(writer.prefix + "changes", minid="9-0", approximate=False)
    done = shelfctl(server.folder, "--redis", server.reader, "watch", "--since", "4", "-n", "3", "--json", check=0)
    assert revisions(done.stdout.splitlines()) == [8, 9, 10]
    assert "revisions 5 to 10" in done.stderr


def test_below_the_floor_everything_follows(server, writer):
    for n in range(1, 4):
        writer.put(f"skill/s{n}")
    writer.drop("skill/s1")
    writer.client.hset(writer.prefix + "head", "floor", 4)
    writer.client.delete(writer.prefix + "changes")
    done = shelfctl(server.folder, "--redis", server.reader, "watch", "--since", "1", "-n", "2", "--json", check=0)
    reset, *items = map(json.loads, done.stdout.splitlines())
    assert reset["type"] == "dev.shelfd.catalog.reset" and reset["data"] == {
        "generation": writer.generation, "rev": 4, "items": 2}
    assert [(i["subject"], i["data"]["op"]) for i in items] == [("skill/s2", "created"), ("skill/s3", "created")]
    assert "are not kept any more" in done.stderr


def test_just_at_the_floor_the_deletions_are_kept(server, writer):
    for n in range(1, 4):
        writer.put(f"skill/s{n}")
    writer.drop("skill/s1")
    writer.client.hset(writer.prefix + "head", "floor", 4)
    writer.client.delete(writer.prefix + "changes")
    done = shelfctl(server.folder, "--redis", server.reader, "watch", "--since", "3", "-n", "1", check=0)
    assert done.stdout == "- skill/s1  rev 4\n"


def test_a_new_generation_gives_everything_again(server, writer):
    for n in range(1, 9):
        writer.put(f"skill/s{n}")
    with watch(server, "--json") as follower:
        blocked(server)
        writer.begin(SECOND)
        writer.put("skill/a")
        writer.put("skill/b")
        reset, *items = map(json.loads, follower.lines(3))
        assert reset["type"] == "dev.shelfd.catalog.reset" and reset["data"]["generation"] == SECOND
        assert [i["id"] for i in items] == [f"{SECOND}.1", f"{SECOND}.2"]
        writer.put("skill/c")
        assert json.loads(follower.lines(4)[3])["data"]["rev"] == 3
        assert follower.errors().count("began a new life") == 1


def test_a_new_generation_that_overtakes_the_old_revision_is_noticed(server, writer):
    """Its events fit behind the last revision; only their generation tells."""
    writer.put("skill/a")
    with watch(server, "--json") as follower:
        blocked(server)
        client = writer.client
        with client.pipeline(transaction=True) as p:
            p.delete(writer.prefix + "changes", writer.prefix + "item:skill/a", writer.prefix + "index:skill")
            p.hset(writer.prefix + "head", mapping={"generation": SECOND, "rev": 0})
            writer.generation, writer.rev = SECOND, 0
            for key in ("skill/x", "skill/y"):
                rev = writer.rev + 1
                p.hset(f"{writer.prefix}item:{key}", mapping={"rev": rev, "created_rev": rev})
                p.zadd(writer.prefix + "index:skill", {key.split("/")[1]: rev})
                p.xadd(writer.prefix + "changes", {"event": writer.event("created", key, rev, {})}, id=f"{rev}-0")
                p.hset(writer.prefix + "head", mapping={"rev": rev, "type_rev:skill": rev})
                writer.rev = rev
            p.execute()
        reset, *items = map(json.loads, follower.lines(3))
        assert reset["type"] == "dev.shelfd.catalog.reset"
        assert [i["subject"] for i in items] == ["skill/x", "skill/y"]


def test_a_revision_that_went_back_gives_everything_again(server, writer):
    for n in range(1, 4):
        writer.put(f"skill/s{n}")
    done = shelfctl(server.folder, "--redis", server.reader, "watch", "--since", "99", "-n", "3", check=0)
    assert "at revision 3 only, not at 99" in done.stderr
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["skill/s1", "skill/s2", "skill/s3"]


def test_watch_waits_for_a_catalog_that_is_not_there_yet(server):
    with watch(server) as follower:
        follower.wait_errors("there is no catalog main yet")
        writer = Writer(server.client()).begin()
        writer.put("skill/a")
        assert follower.lines(1) == ["+ skill/a  rev 1"]


def test_flushall_is_survived(server, writer):
    writer.put("skill/a")
    with watch(server) as follower:
        blocked(server)
        server.client().flushall()
        follower.wait_errors("there is no catalog main yet")
        writer.begin(SECOND)
        writer.put("skill/b")
        assert follower.lines(1) == ["+ skill/b  rev 1"]


def test_a_restart_of_redis_loses_nothing_and_doubles_nothing(server, writer):
    writer.put("skill/a")
    with watch(server, "--json") as follower:
        blocked(server)
        writer.put("skill/b")
        follower.lines(1)
        server.stop(signal.SIGKILL)
        follower.wait_errors("redis is away")
        server.start()
        again = Writer(server.client())
        again.rev = writer.rev
        again.put("skill/c")
        again.put("skill/d")
        assert revisions(follower.lines(3)) == [2, 3, 4]
        follower.wait_errors("redis is back; going on after revision")
        assert follower.errors().count("redis is away") == 1


def test_a_live_writer_is_followed_without_gap_and_in_order(server, writer):
    with watch(server, "--json", "--count", "500") as follower:
        blocked(server)
        for n in range(500):
            if n % 10 == 9:
                writer.drop(f"skill/s{n % 50 - 9}")
            else:
                writer.put(f"skill/s{n % 50}")
        assert revisions(follower.lines(500)) == list(range(1, 501))
        assert follower.wait() == 0


def test_an_interrupt_ends_it_well(server, writer):
    for how in (signal.SIGINT, signal.SIGTERM):
        with watch(server) as follower:
            blocked(server)
            assert follower.stop(how) == 0


def test_an_interrupt_while_redis_is_away_ends_it_well(server, writer):
    with watch(server) as follower:
        blocked(server)
        server.stop()
        follower.wait_errors("redis is away")
        assert follower.stop() == 0


@pytest.mark.parametrize("rule", ["resetkeys", "-xread", "-hgetall"])
def test_no_permission_is_exit_4(server, writer, rule):
    server.client().execute_command("ACL", "SETUSER", "reader", rule)
    done = shelfctl(server.folder, "--redis", server.reader, "watch", check=4)
    assert "NOPERM" in done.stderr
