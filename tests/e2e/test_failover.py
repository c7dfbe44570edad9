"""The master dies, and another server takes its place: what is published is what is on disk, and consumers know it."""
import itertools
import json
import os
import threading

import pytest

from oracle import stream
from support.consumer import Consumer
from support.ctl import Follower
from support import document
from support.topology import WATCHER, WATCHER_PASSWORD, WATCHER_RIGHTS, Cluster, Sentinels
from support.waiting import until

KILLS = int(os.environ.get("SHELFD_TEST_KILLS", "2"))


def secret(scene, name, text):
    path = os.path.join(scene.folder, name)
    with open(path, "w", encoding="utf-8", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
        file.write(text)
    return path


class Load:
    """Saves one file after the other, as long as it is told to."""

    def __init__(self, scene):
        self.scene = scene
        self.ended = threading.Event()
        self.saves = 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        for n in itertools.count():
            if self.ended.wait(0.002):
                return
            self.scene.checkout.skill(f"s{n % 40}", f"Save {n}.")
            if n % 7 == 0:
                self.scene.checkout.skill(f"t{n % 21}", f"Save {n}.")
            elif n % 7 == 3 and os.path.exists(self.scene.checkout.path(f"skills/t{(n - 3) % 21}")):
                self.scene.checkout.remove(f"skills/t{(n - 3) % 21}")
            self.saves = n

    def go_on(self, number=100):
        """Waits for so many more saves."""
        end = self.saves + number
        until(f"{number} more saves", lambda: self.saves >= end)

    def stop(self):
        self.ended.set()
        self.thread.join()


def settle(scene, daemon, consumers):
    """Quiet now: everything is published, and every consumer has it."""
    until("shelfd publishes again", lambda: daemon.status()["redis"]["state"] == "ready", 60)
    daemon.barrier()
    have = scene.check(may_cut=True)
    for consumer in consumers:
        consumer.catch_up()
        assert not stream.differences(consumer.replay, have)
    return have


def folded(lines):
    """What the lines of `shelfctl watch --json` come to: the generation of the last reset, and digests by item."""
    generation, state = None, {}
    for line in lines.splitlines(keepends=True):
        if not line.endswith("\n"):
            break
        event = json.loads(line)
        if event["type"] == "dev.shelfd.catalog.reset":
            generation, state = event["data"]["generation"], {}
        elif event["data"]["op"] == "deleted":
            state.pop(event["subject"], None)
        else:
            state[event["subject"]] = event["data"]["sha256"]
    return generation, state


@pytest.fixture(params=[Sentinels, Cluster], ids=["sentinels", "cluster"])
def topology(scene, request):
    scene.server = request.param(os.path.join(scene.folder, "redis"))
    return scene.server.start()


@pytest.fixture
def sentinels(scene):
    scene.server = Sentinels(os.path.join(scene.folder, "redis"))
    return scene.server.start()


@pytest.fixture
def cluster(scene):
    scene.server = Cluster(os.path.join(scene.folder, "redis"))
    return scene.server.start()


def settings(scene, **redis):
    """Of shelfd, for its `redis`."""
    watcher = {"user": WATCHER, "password_file": secret(scene, "sentinel-password", WATCHER_PASSWORD)}
    return {"url": scene.server.url, "timeout": "2s", "sentinel": watcher, **redis}


def test_the_master_is_found_by_both_programs(scene, topology):
    scene.checkout.skill("s0")
    daemon = scene.daemon(redis=settings(scene)).start()
    scene.check()
    assert daemon.status()["redis"]["url"] == topology.address
    assert daemon.status()["redis"]["server"].endswith(f":{topology.master().port}")
    assert "skill/s0" in scene.shelfctl("ls", "-c", daemon.config, "--redis", topology.reader).stdout
    status = json.loads(scene.shelfctl("status", "--json", "-c", daemon.config, "--redis", topology.reader).stdout)
    assert status["redis"]["url"] == topology.address


def test_what_a_search_by_sentinels_ran_into_is_said(scene, sentinels):
    password = secret(scene, "sentinel-password", WATCHER_PASSWORD)
    done = scene.shelfctl("ls", "--redis", sentinels.reader, check=4)
    assert "none of 3 sentinels knows where the master is: sentinel " in done.stderr
    assert "NOAUTH" in done.stderr
    done = scene.shelfctl("ls", "--redis", sentinels.reader.replace("/mine", "/yours"), check=6,
                          SHELFD_REDIS_SENTINEL_USER=WATCHER, SHELFD_REDIS_SENTINEL_PASSWORD_FILE=password)
    assert "knows no master of that name" in done.stderr
    assert WATCHER_RIGHTS in document.PROTOCOL.read_text(encoding="utf-8")


def test_changes_that_a_failover_lost_are_published_again_and_consumers_told(scene, topology):
    for i in range(20):
        scene.checkout.skill(f"s{i}")
    daemon = scene.daemon(redis=settings(scene)).start()
    consumer = Consumer(topology)
    with Follower(scene.folder, "watch", "--json", "-c", daemon.config, "--redis", topology.reader, "--since", "0") as watch:
        watch.lines(20)
        old = topology.master()
        until("a replica has it", lambda: old.in_sync(1))
        old.cut_replicas()
        scene.checkout.skill("s0", "Lost.")
        scene.checkout.skill("new", "Lost as well.")
        daemon.barrier()
        lost = scene.check()
        consumer.catch_up()
        watch.lines(22)
        assert topology.kill_master() is old
        have = settle(scene, daemon, [consumer])
        assert have.head["generation"] != lost.head["generation"]
        assert have.items["skill/new"]["description"] == "Lost as well."
        assert consumer.resets >= 1
        want = {key: fields["sha256"] for key, fields in have.items.items()}
        watch.wait_until("watch has the new life", lambda: folded(watch.output()) == (have.head["generation"], want))
        assert "began a new life" in watch.errors()
    consumer.close()


def test_a_master_that_is_killed_under_load_loses_nothing(scene, topology):
    for i in range(40):
        scene.checkout.skill(f"s{i}")
    daemon = scene.daemon(redis=settings(scene)).start()
    consumers = [Consumer(topology) for _ in range(3)]
    for round_ in range(KILLS):
        load = Load(scene)
        load.go_on()
        if round_ % 2 == 1:
            topology.master().cut_replicas()
            load.go_on()
        dead = topology.kill_master()
        load.go_on()
        load.stop()
        settle(scene, daemon, consumers)
        topology.revive(dead)
    for consumer in consumers:
        consumer.close()
