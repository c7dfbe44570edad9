"""What can be wrong with Redis itself: named in status and heartbeat while it lasts, told once, and made good afterwards."""
import contextlib
import json
import os
import re
import signal
import threading
import time

import pytest

from oracle.published import prefix
from support.daemon import FREES_AT_ONCE
from support.several import daemons, in_parallel
from support.waiting import frozen_since, until

EXACT = ("--appendonly", "yes", "--appendfsync", "always", "--enable-debug-command", "yes")

SILENT = "no answer|not answer"


@pytest.fixture(name="daemon")
def running(scene):
    for i in range(5):
        scene.checkout.skill(f"s{i}")
    scene.checkout.write("skills/broken/SKILL.md", "---\nname: [\n---\n")
    scene.checkout.commit()
    scene.redis(*EXACT)
    return scene.daemon(env=FREES_AT_ONCE, redis={"url": scene.server.url, "timeout": "1s"}).start()


def status(scene, daemon):
    """What shelfctl status prints, and the same as JSON."""
    text = scene.shelfctl("-c", daemon.config, "status")
    parsed = scene.shelfctl("-c", daemon.config, "status", "--json")
    return text.stdout, json.loads(parsed.stdout) if parsed.stdout else {}


def wait_named(scene, daemon, word):
    """The condition is named by shelfctl status, in words and in JSON."""
    until(f"{word} is the condition", lambda: word in daemon.status()["redis"]["condition"])
    until(f"shelfctl status names {word}", lambda: word in (found := status(scene, daemon))[0] and
          word in found[1]["daemon"]["redis"]["condition"])


def wait_beat(scene, word):
    """Those who only see Redis learn of it too."""
    client = scene.server.client()
    until(f"the heartbeat names {word}", lambda: word in (client.hget(prefix() + "heartbeat", "condition") or ""))
    until(f"shelfctl status names {word} from afar", lambda: word in scene.shelfctl(
        "--redis", scene.server.url, "status").stdout)


def wait_well(daemon):
    until("nothing is wrong any more", lambda: (r := daemon.status()["redis"])["state"] == "ready" and not r["condition"])
    daemon.barrier()


def lines(daemon, word):
    return [line for line in daemon.output().splitlines() if word in line]


@contextlib.contextmanager
def config(client, **values):
    """Settings of the server, put back at the end."""
    before = {name: client.config_get(name)[name] for name in values}
    for name, value in values.items():
        client.config_set(name, value)
    yield
    for name, value in before.items():
        client.config_set(name, value)


def edited_while(scene, daemon, word, told=None):
    """Edits something, expects the condition to be named and told, and nothing to be published meanwhile."""
    rev = scene.rev()
    scene.checkout.skill("s0", f"While there was {word}.")
    wait_named(scene, daemon, word)
    assert scene.rev() == rev
    assert len(lines(daemon, told or word)) == 1
    return rev


def made_good(scene, daemon, rev):
    """All is well again, and what was edited is in the stream once."""
    wait_well(daemon)
    scene.check()
    assert [e["subject"] for e in scene.changes(rev)] == ["skill/s0"]
    daemon.wait_output("publishing again")


def test_a_full_memory_is_named_and_waited_for(scene, daemon):
    client = scene.server.client()
    with config(client, maxmemory="1"):
        rev = edited_while(scene, daemon, "OOM")
        wait_beat(scene, "OOM")
    made_good(scene, daemon, rev)
    until("the heartbeat is clean", lambda: not client.hget(prefix() + "heartbeat", "condition"))


def test_too_few_replicas_are_named_and_waited_for(scene, daemon):
    with config(scene.server.client(), **{"min-replicas-to-write": "1"}):
        rev = edited_while(scene, daemon, "NOREPLICAS")
    made_good(scene, daemon, rev)


def test_a_replica_that_cannot_be_written_is_named_and_left(scene, daemon):
    client = scene.server.client()
    client.replicaof("127.0.0.1", 1)
    rev = edited_while(scene, daemon, "READONLY")
    client.replicaof("NO", "ONE")
    made_good(scene, daemon, rev)


def test_a_disk_that_is_full_is_named_and_waited_for(scene, daemon):
    """Redis refuses to write once a snapshot failed; where its folder should be writable there is none."""
    client = scene.server.client()
    client.config_set("save", "3600 1")
    os.mkdir(os.path.join(scene.folder, "redis", "dump.rdb"))
    client.bgsave()
    until("the snapshot failed", lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")
    rev = edited_while(scene, daemon, "MISCONF")
    os.rmdir(os.path.join(scene.folder, "redis", "dump.rdb"))
    client.bgsave()
    made_good(scene, daemon, rev)


def test_a_server_that_sleeps_is_named_and_waited_for(scene, daemon):
    rev = scene.rev()
    client = scene.server.client()
    connection = client.connection_pool.get_connection("DEBUG")
    connection.send_command("DEBUG", "SLEEP", "3")
    scene.checkout.skill("s0", "While it slept.")
    until("the silence is named", lambda: re.search(SILENT, daemon.status()["redis"]["condition"]))
    assert connection.read_response() in (b"OK", "OK")
    client.connection_pool.release(connection)
    made_good(scene, daemon, rev)


def test_a_script_that_does_not_end_is_named_and_waited_for(scene, daemon):
    rev = scene.rev()
    busy, other = scene.server.client(single_connection_client=True), scene.server.client(single_connection_client=True)
    other.config_set("busy-reply-threshold", "1")
    busy.connection.send_command("EVAL", "while true do end", 0)
    scene.checkout.skill("s0", "While it was busy.")
    until("BUSY is named", lambda: "BUSY" in daemon.status()["redis"]["condition"])
    other.script_kill()
    made_good(scene, daemon, rev)


def test_a_server_that_is_stopped_for_a_while_is_named_and_waited_for(scene, daemon):
    rev = scene.rev()
    scene.server.process.send_signal(signal.SIGSTOP)
    started = time.monotonic()
    scene.checkout.skill("s0", "While it was stopped.")
    until("the silence is named", lambda: re.search(SILENT, daemon.status()["redis"]["condition"]))
    text, _ = status(scene, daemon)
    assert re.search(SILENT, text)
    frozen_since(started)
    scene.server.process.send_signal(signal.SIGCONT)
    made_good(scene, daemon, rev)


def test_a_server_that_is_away_is_named_and_waited_for(scene, daemon):
    rev = scene.rev()
    files = daemon.status()["watch"]["files"]
    scene.server.stop()
    scene.checkout.skill("s0", "While it was away.")
    scene.checkout.skill("new")
    daemon.wait_seen(files + 1)
    until("that it is away is named", lambda: "redis.sock" in daemon.status()["redis"]["condition"])
    text, parsed = status(scene, daemon)
    assert scene.server.socket in text and not parsed["redis"]["reachable"]
    scene.server.start()
    wait_well(daemon)
    scene.check()
    assert sorted(e["subject"] for e in scene.changes(rev)) == ["skill/new", "skill/s0"]


def test_flushall_and_a_lost_head_begin_a_new_generation_without_an_edit(scene, daemon):
    client = scene.server.client()
    generations = {scene.published().head["generation"]}
    for destroy in (client.flushall, lambda: client.delete(prefix() + "head")):
        destroy()
        until("there is another generation", lambda: client.hget(prefix() + "head", "generation") not in {
            None, *generations})
        wait_well(daemon)
        generations.add(scene.check().head["generation"])
    assert len(generations) == 3


KEYS = ["head", "lease", "heartbeat", "changes", "deleted", "problems", "index:skill"]


def put_aside(client, key):
    """Something of another type is there now."""
    with client.pipeline(transaction=True) as pipe:
        if there := client.exists(key):
            pipe.rename(key, f"{key} aside")
        (pipe.sadd if key.endswith("lease") else pipe.rpush)(key, "of another type")
        pipe.execute()
    return there


def test_a_key_of_another_type_is_named_and_left_alone(scene):
    scene.checkout.skill("one")
    scene.checkout.write("skills/broken/SKILL.md", "---\nname: [\n---\n")
    rows = daemons(scene, len(KEYS))
    client = scene.server.client()
    saved = threading.Barrier(len(rows) + 1)

    def work(catalog, _proxy, daemon):
        name = KEYS[int(catalog[1:])]
        key = prefix(catalog) + name
        there = put_aside(client, key)
        saved.wait()
        wait_named(scene, daemon, key)
        assert len(lines(daemon, "TYPE")) == 1, name
        if name in ("changes", "deleted", "problems", "index:skill"):
            assert client.hget(prefix(catalog) + "head", "rev") == "1", name
        if there and name not in ("lease", "heartbeat"):
            client.rename(f"{key} aside", key)
        else:
            client.delete(key)
        wait_well(daemon)

    def save():
        saved.wait()
        scene.checkout.skill("one", "While it was there.")

    saver = threading.Thread(target=save)
    saver.start()
    in_parallel(work, rows)
    saver.join()
    for catalog, _, daemon in rows:
        daemon.barrier()
        scene.check(catalog=catalog)
        assert [e["data"]["op"] for e in scene.changes(catalog=catalog)] == ["created", "updated"]


@pytest.mark.parametrize("key", ["item:skill/s0", "history:skill/s0"])
def test_an_item_of_another_type_is_written_anew(scene, daemon, key):
    client = scene.server.client()
    rev = scene.rev()
    client.delete(prefix() + key)
    client.set(prefix() + key, "of another type")
    scene.checkout.skill("s0", "Edited.")
    daemon.barrier()
    made = scene.check()
    assert made.items["skill/s0"]["description"] == "Edited."
    assert [e["subject"] for e in scene.changes(rev)] == ["skill/s0"]
    assert client.type(prefix() + "history:skill/s0") == "stream"


def test_an_item_of_another_type_that_is_found_at_a_start_is_written_anew(scene, daemon):
    client = scene.server.client()
    assert daemon.stop() == 0
    client.delete(prefix() + "item:skill/s0")
    client.set(prefix() + "item:skill/s0", "of another type")
    daemon.start()
    assert "skill/s0" in scene.published().items


def test_a_log_of_syncs_of_another_type_is_named_while_publishing_goes_on(scene, daemon):
    client = scene.server.client()
    client.delete(prefix() + "syncs")
    client.set(prefix() + "syncs", "of another type")
    daemon.sync()
    wait_named(scene, daemon, "record of a sync")
    wait_beat(scene, "record of a sync")
    scene.checkout.skill("s0", "All the same.")
    daemon.barrier()
    scene.check()
    client.delete(prefix() + "syncs")
    daemon.sync()
    wait_well(daemon)


def test_forgotten_scripts_are_loaded_again(scene, daemon):
    rev = scene.rev()
    for i in range(3):
        scene.server.client().script_flush()
        scene.checkout.skill("s0", f"Edit {i}.")
        daemon.barrier()
    scene.check()
    assert len(scene.changes(rev)) == 3


@pytest.mark.parametrize("command", ["publish", "zadd"])
def test_a_permission_that_is_missing_is_named_at_the_start_before_anything_is_written(scene, command):
    scene.checkout.skill("one")
    client = scene.redis()
    client.acl_setuser("shelfd", enabled=True, commands=[f"-{command}"])
    daemon = scene.daemon().start(wait=False)
    daemon.wait_output(f"(?i)NOPERM.*{command}")
    assert client.keys() == []
    wait_named(scene, daemon, "NOPERM")
    assert len(lines(daemon, "NOPERM")) == 1
    client.acl_setuser("shelfd", enabled=True, commands=[f"+{command}"])
    daemon.wait_ready()
    scene.check()


def test_a_long_outage_costs_no_memory_that_grows_with_it(scene, daemon):
    def edit():
        for i in range(150):
            scene.checkout.skill(f"s{i}", f"Edit {os.urandom(4).hex()}.", body="Text.\n" * 200)
        scene.checkout.skill(f"last{len(sizes)}")
        daemon.wait_seen(files + 145 + len(sizes) + 1)
        sizes.append(resident(daemon))

    sizes = []
    files = daemon.status()["watch"]["files"]
    scene.server.stop()
    for _ in range(10):
        edit()
    print(f"{sizes} kB")
    assert sizes[-1] < sizes[3] * 1.1 + 1000
    scene.server.start()
    wait_well(daemon)
    scene.check()


def resident(daemon):
    """kB"""
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("VmRSS")).split()[1])
