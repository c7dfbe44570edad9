"""shelfd as a service: start, stop, health, watchdog, a second one beside it, a Redis of its own, and doing nothing."""
import glob
import os
import signal
import stat
import threading
import time

import pytest
import redis

import oracle.published
import oracle.stream
from oracle.published import prefix
from support.proxy import Late
from support.waiting import Deadline, frozen_since, until


def some_skills(scene, number=3):
    for i in range(number):
        scene.checkout.skill(f"s{i}")
    scene.checkout.commit()


def test_sigterm_ends_it_soon_with_status_0_and_everything_whole(scene):
    some_skills(scene)
    daemon = scene.daemon().start()
    for i in range(50):
        scene.checkout.skill(f"more{i}")
    started = time.monotonic()
    assert daemon.stop(seconds=10) == 0
    print(f"ended after {time.monotonic() - started:.3f} s")
    scene.server.left_alone()
    have = scene.published()
    assert not oracle.published.inconsistencies(have)
    replay = oracle.stream.replay(scene.server.client())
    assert not oracle.stream.differences(replay, have)
    daemon.start()
    scene.check()


def test_sigterm_during_a_large_first_sync_leaves_nothing_half_written(scene):
    for i in range(3000):
        scene.checkout.skill(f"s{i}")
    daemon = scene.daemon().start(wait=False)
    client = scene.server.client()
    until("the first sync is under way", lambda: client.xlen(prefix() + "changes") > 100)
    assert daemon.stop(seconds=10) == 0
    scene.server.left_alone()
    have = scene.published()
    assert not oracle.published.inconsistencies(have)
    assert not oracle.stream.differences(oracle.stream.replay(client, may_cut=True), have)
    daemon.start()
    scene.check(may_cut=True)


def test_sigterm_while_redis_is_away_ends_it_too(scene):
    some_skills(scene)
    daemon = scene.daemon().start()
    scene.server.stop()
    scene.checkout.skill("s0", "Never published.")
    assert daemon.stop(seconds=10) == 0


def test_sigint_is_as_good_as_sigterm(scene):
    some_skills(scene)
    assert scene.daemon().start().stop(signal.SIGINT, seconds=10) == 0


def test_it_tells_systemd_that_it_is_ready_what_it_does_and_that_it_stops(scene):
    some_skills(scene)
    daemon = scene.daemon().start()
    assert len(scene.published().items) == 3, "ready comes after the first full sync"
    assert any("STATUS=" in message and "3" in message for message in daemon.notify.messages) or (
        "3" in daemon.notify.wait_for("STATUS")["STATUS"])
    daemon.send(signal.SIGTERM)
    daemon.notify.wait_for("STOPPING=1")
    assert daemon.wait() == 0


def test_it_feeds_the_watchdog_even_while_redis_is_away(scene):
    some_skills(scene)
    daemon = scene.daemon(env={"WATCHDOG_USEC": "500000"}).start()
    daemon.notify.wait_for("WATCHDOG=1")
    scene.server.stop()
    daemon.wait_output("(?i)redis.*(lost|refused|closed|unreachable|no such file|connection)")
    for _ in range(3):
        daemon.notify.wait_for("WATCHDOG=1", 5)


def test_a_stopped_loop_does_not_feed_the_watchdog(scene):
    some_skills(scene)
    daemon = scene.daemon(env={"WATCHDOG_USEC": "200000"}).start()
    daemon.notify.wait_for("WATCHDOG=1")
    daemon.send(signal.SIGSTOP)
    with pytest.raises(AssertionError):
        while True:  # what was on its way may still come
            daemon.notify.wait_for("WATCHDOG=1", 1)
    daemon.send(signal.SIGCONT)
    daemon.notify.wait_for("WATCHDOG=1")


def test_health_and_readiness_are_answered_on_the_control_socket(scene):
    some_skills(scene)
    daemon = scene.daemon().start()
    assert daemon.request("GET", "/healthz")[0] == 200
    assert daemon.request("GET", "/readyz")[0] == 200
    assert daemon.request("GET", "/nowhere")[0] == 404
    assert daemon.request("GET", "/api/v1/sync")[0] == 405
    assert daemon.request("POST", "/api/v1/sync", ["wrong"])[0] == 400
    mode = os.stat(daemon.control).st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o660


def test_a_sync_of_named_paths_and_of_everything_is_answered_with_its_result(scene):
    some_skills(scene)
    daemon = scene.daemon().start()
    scene.checkout.skill("s0", "Edited.")
    answer = daemon.sync(paths=["skills/s0"])
    scene.check()
    assert answer
    daemon.sync()
    scene.check()
    syncs = scene.server.client().xrange(prefix() + "syncs")
    assert {fields["trigger"] for _, fields in syncs} >= {"start", "request"}
    for _, fields in syncs:
        assert {"trigger", "started", "finished", "status"} <= fields.keys(), fields


def test_a_sync_of_a_path_outside_is_refused(scene):
    some_skills(scene)
    daemon = scene.daemon().start()
    assert daemon.request("POST", "/api/v1/sync", {"wait": True, "paths": ["../../etc"]})[0] == 400
    assert daemon.request("POST", "/api/v1/sync", {"wait": True, "paths": ["/etc"]})[0] == 400
    daemon.assert_alive()


def test_the_heartbeat_says_who_is_there_and_lapses_with_it(scene):
    some_skills(scene)
    daemon = scene.daemon().start()
    client = scene.server.client()
    beat = until("there is a heartbeat after the first sync", lambda: (
        b := client.hgetall(prefix() + "heartbeat")).get("rev") == "3" and b)
    assert beat["pid"] == str(daemon.process.pid)
    assert {"state", "host", "version", "started", "pending"} <= beat.keys()
    assert 0 < client.pttl(prefix() + "heartbeat") <= 15000
    assert 0 < client.pttl(prefix() + "lease") <= 15000
    daemon.stop()
    scene.server.left_alone()
    assert client.get(prefix() + "lease") is None


def standby_beside(scene, first):
    second = scene.daemon("second").start(wait=False)
    until("the second one is a standby", lambda: os.path.exists(second.control) and
          "standby" in str(second.request("GET", "/readyz")))
    assert scene.published().head["owner"] == first
    return second


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_second_one_on_the_same_catalog_waits_and_takes_over(scene, end):
    some_skills(scene)
    first = scene.daemon("first").start()
    old = scene.published()
    second = standby_beside(scene, old.head["owner"])
    scene.checkout.skill("s0", "Written once.")
    first.barrier()
    scene.check()
    assert len(scene.changes(int(old.head["rev"]))) == 1
    first.stop(end)
    scene.checkout.skill("s1", "After the first one's end.")
    second.notify.wait_for("READY=1", 60, second.assert_alive)
    second.barrier()
    have = scene.check()
    assert have.head["generation"] == old.head["generation"] and have.head["owner"] != old.head["owner"]
    assert int(have.head["epoch"]) > int(old.head["epoch"])
    assert [e["subject"] for e in scene.changes(int(old.head["rev"]))] == ["skill/s0", "skill/s1"]


def test_a_frozen_writer_that_wakes_after_a_takeover_writes_nothing(scene):
    some_skills(scene)
    relay, late = scene.proxy(), Late()
    first = scene.daemon("first", redis={"url": relay.url}).start()
    old = scene.published().head["owner"]
    second = standby_beside(scene, old)
    sending = relay.rule("apply", late, times=1)
    scene.checkout.skill("s2", "On its way when it froze.")
    sending.wait()
    first.send(signal.SIGSTOP)
    started = time.monotonic()
    until("the second one has taken over", lambda: scene.published().head["owner"] != old, 60)
    second.notify.wait_for("READY=1", 60, second.assert_alive)
    print(f"taken over after {time.monotonic() - started:.1f} s")
    scene.checkout.skill("s0", "Once.")
    second.barrier()
    before = scene.check()
    assert late.arrive().startswith(b"-FENCED ")
    assert scene.published() == before
    frozen_since(started)
    first.send(signal.SIGCONT)
    until("the first one is a standby", lambda: first.status()["redis"]["state"] == "standby")
    scene.checkout.skill("s1", "Once more.")
    second.barrier()
    have = scene.check()
    assert have.head["owner"] == before.head["owner"]
    assert sorted(e["subject"] for e in scene.changes(3)) == ["skill/s0", "skill/s1", "skill/s2"]


def test_a_second_one_in_the_same_runtime_folder_is_refused(scene):
    some_skills(scene)
    first = scene.daemon("first").start()
    second = scene.daemon("second", runtime_dir=first.settings["runtime_dir"]).start(wait=False)
    assert second.wait() != 0
    assert "running" in second.output()
    assert first.request("GET", "/healthz")[0] == 200


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def embedded_client(daemon):
    return redis.Redis(unix_socket_path=os.path.join(daemon.settings["runtime_dir"], "redis.sock"), decode_responses=True)


def test_embedded_starts_a_private_redis_and_stops_it_at_the_end(scene):
    some_skills(scene)
    daemon = scene.daemon(redis={"url": "embedded"}).start()
    client = embedded_client(daemon)
    have = oracle.published.take(client)
    assert not oracle.published.differences(scene.expected(), have)
    assert stat.S_IMODE(os.stat(client.connection_pool.connection_kwargs["path"]).st_mode) == 0o600
    assert client.config_get("port")["port"] == "0"
    assert client.config_get("appendonly")["appendonly"] == "yes"
    (server,) = children(daemon.process.pid)
    client.close()
    assert daemon.stop() == 0
    assert not os.path.exists(f"/proc/{server}")
    assert not os.path.exists(os.path.join(daemon.settings["runtime_dir"], "redis.sock"))


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_embedded_goes_on_where_it_was(scene, end):
    some_skills(scene)
    daemon = scene.daemon(redis={"url": "embedded"}).start()
    old = oracle.published.take(embedded_client(daemon))
    servers = children(daemon.process.pid)
    daemon.stop(end)
    until("no server is left behind", lambda: not any(os.path.exists(f"/proc/{pid}") and not zombie(pid)
                                                     for pid in servers))
    scene.checkout.skill("s0", "Edited meanwhile.")
    daemon.start()
    have = oracle.published.take(embedded_client(daemon))
    assert not oracle.published.differences(scene.expected(), have)
    assert have.head["generation"] == old.head["generation"] and int(have.head["rev"]) == int(old.head["rev"]) + 1


def zombie(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_an_embedded_redis_that_dies_is_started_again(scene):
    some_skills(scene)
    daemon = scene.daemon(redis={"url": "embedded"}).start()
    (server,) = children(daemon.process.pid)
    os.kill(server, signal.SIGKILL)
    scene.checkout.skill("s0", "Edited meanwhile.")

    def published():
        try:
            return embedded_client(daemon).hget(prefix() + "item:skill/s0", "description") == "Edited meanwhile."
        except redis.ConnectionError:
            return False
    until("the edit is published", published)
    assert children(daemon.process.pid) != [server]


def wakes(pid):
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/status"):
        with open(path, encoding="ascii", errors="replace") as file:
            total += sum(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt_switches"))
    return total


def test_an_idle_daemon_wakes_for_its_heartbeats_only(scene):
    some_skills(scene)
    daemon = scene.daemon().start()
    daemon.barrier()
    before = wakes(daemon.process.pid)
    interval = Deadline(11)
    threading.Event().wait(interval.left())  # what is measured is that nothing happens
    woken = wakes(daemon.process.pid) - before
    print(f"{woken} wakes in 11 s")
    assert woken <= 12


def test_what_other_programs_read_in_the_checkout_wakes_nobody(scene):
    some_skills(scene)
    daemon = scene.daemon().start()
    daemon.barrier()
    before = wakes(daemon.process.pid)
    for _ in range(2000):
        scene.checkout.read("skills/s0/SKILL.md")
    assert wakes(daemon.process.pid) - before <= 5
