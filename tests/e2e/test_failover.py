"""The master dies, and another server takes its place: what is published is what is on disk, and consumers know it."""
import itertools
import json
import os
import re
import signal
import threading

import pytest

from oracle import stream
from support import document
from support.certificates import Authority
from support.consumers import Watch, assert_equal_to_the_truth
from support.network import HOST
from support.replayer import Replayer
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


class Follower(Watch):
    """shelfctl watch, which may ask the sentinels."""

    def environment(self):
        return {"SHELFD_REDIS_SENTINEL_USER": WATCHER, "SHELFD_REDIS_SENTINEL_PASSWORD_FILE":
                os.path.join(self.folder, "..", "sentinel-password")}


@pytest.fixture
def follow(scene):
    """Starts a follower; all end with the test."""
    followers = []

    def start(name="watch"):
        followers.append(Follower(scene.folder, name, scene.server))
        return followers[-1]
    yield start
    for follower in followers:
        follower.stop()


def settle(scene, daemon, replayers=(), followers=()):
    """Quiet now: everything is published, and everybody has it."""
    master = scene.server.master()

    def publishes():
        status = daemon.status()["redis"]
        return status["state"] == "ready" and status["server"].endswith(f":{master.port}")
    until("shelfd publishes to the master", publishes)
    daemon.barrier()
    have = scene.check(may_cut=True)
    for replayer in replayers:
        replayer.catch_up()
        assert not stream.differences(replayer.replay, have)
    assert_equal_to_the_truth(followers, scene.server.client())
    return have


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


def found_by_both(scene, **redis):
    scene.checkout.skill("s0")
    daemon = scene.daemon(redis=settings(scene, **redis)).start()
    scene.check()
    assert daemon.status()["redis"]["url"] == scene.server.address
    assert daemon.status()["redis"]["server"].endswith(f":{scene.server.master().port}")
    assert "skill/s0" in scene.shelfctl("ls", "-c", daemon.config, "--redis", scene.server.reader).stdout
    status = json.loads(scene.shelfctl("status", "--json", "-c", daemon.config, "--redis", scene.server.reader).stdout)
    assert status["redis"]["url"] == scene.server.address


def test_the_master_is_found_by_both_programs(scene, topology):
    found_by_both(scene)


@pytest.mark.parametrize("kind", [Sentinels, Cluster])
def test_the_master_is_found_by_both_programs_over_tls(scene, kind):
    authority = Authority(os.path.join(scene.folder, "ca"))
    scene.server = kind(os.path.join(scene.folder, "redis"), tls=(*authority.issue("node", f"IP:{HOST}"), authority.file))
    scene.server.start()
    found_by_both(scene, tls={"ca_file": authority.file})
    done = scene.shelfctl("ls", "--redis", scene.server.reader, check=6)
    assert "is signed by an unknown authority" in done.stderr


def test_what_a_search_by_sentinels_ran_into_is_said(scene, sentinels):
    password = secret(scene, "sentinel-password", WATCHER_PASSWORD)
    done = scene.shelfctl("ls", "--redis", sentinels.reader, check=4)
    assert "none of 3 sentinels knows where the master is: sentinel " in done.stderr
    assert "NOAUTH" in done.stderr
    done = scene.shelfctl("ls", "--redis", sentinels.reader.replace("/mine", "/yours"), check=6,
                          SHELFD_REDIS_SENTINEL_USER=WATCHER, SHELFD_REDIS_SENTINEL_PASSWORD_FILE=password)
    assert "knows no master of that name" in done.stderr
    assert WATCHER_RIGHTS in document.PROTOCOL.read_text(encoding="utf-8")


def test_changes_that_a_failover_lost_are_published_again_and_consumers_told(scene, topology, follow):
    for i in range(20):
        scene.checkout.skill(f"s{i}")
    daemon = scene.daemon(redis=settings(scene)).start()
    replayer = Replayer(topology)
    follower = follow()
    before = settle(scene, daemon, [replayer], [follower])
    old = topology.master()
    until("a replica has it", lambda: old.in_sync(1))
    old.cut_replicas()
    scene.checkout.skill("s0", "Lost.")
    scene.checkout.skill("new", "Lost as well.")
    lost = settle(scene, daemon, [replayer], [follower])
    assert lost.head["generation"] == before.head["generation"]
    assert topology.kill_master() is old
    have = settle(scene, daemon, [replayer], [follower])
    assert have.head["generation"] != lost.head["generation"]
    assert have.items["skill/new"]["description"] == "Lost as well."
    assert replayer.resets >= 1
    assert "began a new life" in follower.errors()
    replayer.close()


def test_a_master_that_hands_over_and_lives_on_is_left(scene, topology):
    for i in range(20):
        scene.checkout.skill(f"s{i}")
    daemon = scene.daemon(redis=settings(scene)).start()
    replayer = Replayer(topology)
    generation = scene.published().head["generation"]
    for _ in range(2):
        load = Load(scene)
        load.go_on(50)
        topology.hand_over()
        load.go_on(50)
        load.stop()
        have = settle(scene, daemon, [replayer])
    if isinstance(topology, Cluster):
        # There the old master stops before the new one begins: nothing was lost, so nothing begins anew.
        assert have.head["generation"] == generation
        assert replayer.resets == 0
    replayer.close()


def test_a_master_that_hangs_through_a_failover_and_comes_back_disturbs_nothing(scene, sentinels):
    for i in range(20):
        scene.checkout.skill(f"s{i}")
    daemon = scene.daemon(redis=settings(scene)).start()
    replayer = Replayer(sentinels)
    old = sentinels.master()
    old.process.send_signal(signal.SIGSTOP)
    scene.checkout.skill("s0", "While it hung.")
    until("another node is the master", lambda: sentinels.named() not in (None, old))
    scene.checkout.skill("s1", "At the new one.")
    settle(scene, daemon, [replayer])
    old.process.send_signal(signal.SIGCONT)
    scene.checkout.skill("s2", "With the old one back.")
    until("the old one is a replica", lambda: old.role() == "slave")
    settle(scene, daemon, [replayer])
    replayer.close()


def test_a_master_that_only_the_sentinels_have_lost_is_left_when_they_say_so(scene, sentinels):
    for i in range(20):
        scene.checkout.skill(f"s{i}")
    daemon = scene.daemon(redis=settings(scene)).start()
    replayer = Replayer(sentinels)
    old = sentinels.master()
    sentinels.hide(old)
    scene.checkout.skill("s0", "At the old one.")
    until("another node is the master", lambda: sentinels.named() not in (None, old))
    scene.checkout.skill("s1", "At either.")
    settle(scene, daemon, [replayer])
    daemon.wait_output(f"the master is at {HOST}:{sentinels.master().port} now")
    assert old.role() == "master"
    replayer.close()


NAMED = (":head", ":lease", ":heartbeat")  # the keys that shelfd's scripts name


def named_last(keys):
    """A script is let in, though what it wants to write is elsewhere."""
    return [key for key in keys if not key.endswith(NAMED)], [key for key in keys if key.endswith(NAMED)]


def named_first(keys):
    """Whoever calls a script is sent to a node where what it wants to write is not yet."""
    return named_last(keys)[::-1]


def items_first(keys):
    """A script is let in and finds all that it looks at before it writes, but not what it writes to."""
    return [key for key in keys if ":item:" in key], [key for key in keys if ":item:" not in key]


def half(keys):
    """Of what a script names, some is here and some is there."""
    return keys[::2], keys[1::2]


def test_a_slot_that_is_moved_key_by_key_under_load_is_followed_and_loses_nothing(scene, cluster, follow):
    for i in range(20):
        scene.checkout.skill(f"s{i}")
    scene.checkout.write("skills/bad.md", "---\nname: [\n---\n")  # so that there are problems: a key that is not there is refused
    daemon = scene.daemon(redis=settings(scene)).start()
    replayer, follower = Replayer(cluster), follow()
    generation = scene.check().head["generation"]
    load = Load(scene)
    masters = [node for node in cluster.nodes if node.role() == "master" and node is not cluster.master()]
    for round_, (parts, refusal) in enumerate([
            (named_last, "TRYAGAIN"), (named_first, "ASK"), (items_first, "TRYAGAIN"), (half, "TRYAGAIN|ASK")]):
        load.go_on(50)

        def half_way():
            until("shelfd says why it waits", lambda: re.search(refusal, daemon.status()["redis"]["condition"]))
            load.go_on(50)
        cluster.move_slot("{main}", masters[round_ % 2], parts, half_way)
        load.go_on(50)
    load.stop()
    have = settle(scene, daemon, [replayer], [follower])
    assert have.head["generation"] == generation
    assert replayer.resets == 0
    assert "skill/s0" in scene.shelfctl("ls", "--redis", cluster.reader).stdout
    follower.assert_clean()
    replayer.close()


def test_a_cluster_that_is_down_is_waited_for(scene, cluster):
    scene.checkout.skill("s0")
    daemon = scene.daemon(redis=settings(scene)).start()
    replayer = Replayer(cluster)
    # Without a third of the slots, a cluster as it comes serves none.
    lost = [cluster.nodes[0], cluster.nodes[3]]
    assert cluster.master() not in lost
    for node in lost:
        node.kill()
    scene.checkout.skill("s0", "Waits.")
    daemon.wait_output("CLUSTERDOWN")
    assert "CLUSTERDOWN" in until("status says why", lambda: daemon.status()["redis"]["condition"])
    for node in lost:
        node.start()
    until("the cluster is whole again", cluster.whole)
    have = settle(scene, daemon, [replayer])
    assert have.items["skill/s0"]["description"] == "Waits."
    assert replayer.resets == 0
    replayer.close()


def test_nothing_is_published_while_too_few_replicas_follow(scene, sentinels):
    scene.checkout.skill("s0")
    daemon = scene.daemon(redis=settings(scene, min_replicas=2)).start()
    scene.check()
    replicas = [node for node in sentinels.nodes if node.role() == "slave"]
    replicas[0].kill()
    rev = scene.rev()
    scene.checkout.skill("s0", "Waits.")
    daemon.wait_output("NOREPLICAS 1 of 2 replicas follow")
    assert "NOREPLICAS" in daemon.status()["redis"]["condition"]
    assert scene.rev() == rev
    sentinels.revive(replicas[0])
    settle(scene, daemon)
    assert scene.published().items["skill/s0"]["description"] == "Waits."


def test_a_master_that_is_killed_under_load_loses_nothing(scene, topology, follow):
    for i in range(40):
        scene.checkout.skill(f"s{i}")
    daemon = scene.daemon(redis=settings(scene)).start()
    replayers = [Replayer(topology) for _ in range(2)]
    follower = follow()
    for round_ in range(KILLS):
        load = Load(scene)
        load.go_on()
        if round_ % 2 == 1:
            topology.master().cut_replicas()
            load.go_on()
        dead = topology.kill_master()
        load.go_on()
        load.stop()
        settle(scene, daemon, replayers, [follower])
        topology.revive(dead)
    follower.assert_clean()
    for replayer in replayers:
        replayer.close()
