"""What doc/PROTOCOL.md gives to be used as it stands: rights, and how a light consumer of one type sees what it missed."""
import json
import re
import shutil
import subprocess

import pytest

from support import document
from support.daemon import SOURCE
from support.waiting import Deadline
from support.writer import Writer

WORDS = re.compile(r"""["']([A-Z]+)["']""")


def commands(client, *globs):
    """Commands of Redis that the source names."""
    words = {word.lower() for glob in globs for path in SOURCE.glob(glob)
             for word in WORDS.findall(path.read_text(encoding="utf-8"))}
    found = words & set(client.command())
    assert found
    return found


def granted(user):
    return {rule[1:].split("|")[0] for rule in document.users()[user] if rule.startswith("+")}


def test_shelfd_has_the_rights_that_its_scripts_and_requests_need_and_no_other(scene):
    needed = commands(scene.redis(), "src/redis/*.lua", "src/redis/publisher*.c", "src/redis/call.c")
    assert granted("shelfd") - {"select", "client"} == needed - {"info"}  # that one is for min_replicas only


def test_a_reader_has_the_rights_that_shelfctl_needs_and_can_write_nothing(scene):
    needed = commands(scene.redis(), "src/ctl/store.c", "src/ctl/snapshot.c", "src/ctl/watch.c")
    assert needed - granted("reader") == set()
    client = scene.redis()
    writing = {row for category in ("write", "scripting", "dangerous", "admin") for row in client.acl_cat(category)}
    assert granted("reader") & writing == set()


@pytest.mark.parametrize("user", ["shelfd", "reader"])
def test_nobody_may_touch_another_catalog(scene, user):
    scene.redis()
    rules = document.users()[user]
    client = scene.server.client(username=user, password=document.password(rules))
    for words in (("HGETALL", "shelf:{other}:head"), ("HGETALL", "x")):
        with pytest.raises(Exception, match="NOPERM|No permissions|no permissions"):
            client.execute_command(*words)
    assert client.execute_command("HGETALL", "shelf:{main}:head") in ({}, [])


class OneType:
    """A subscriber of one type, as the document has it. missed: the gaps that it saw, as (T, the revision that told)."""

    def __init__(self, client, kind):
        self.client, self.kind = client, kind
        self.prefix = "shelf:{main}:"
        self.missed, self.known = [], {}
        self.pubsub = client.pubsub()
        self.pubsub.subscribe(f"{self.prefix}events:{kind}", f"{self.prefix}events:control")
        deadline = Deadline()
        while (answer := self.pubsub.get_message(timeout=deadline.left())) is None or answer["data"] != 2:
            assert not deadline.passed()
        self.generation, self.last = None, 0
        self.catch_up()

    def catch_up(self):
        with self.client.pipeline(transaction=True) as p:
            p.hmget(self.prefix + "head", "generation", f"type_rev:{self.kind}")
            p.zrange(f"{self.prefix}index:{self.kind}", 0, -1, withscores=True)
            (self.generation, last), index = p.execute()
        self.last, self.known = int(last or 0), {key: int(rev) for key, rev in index}

    def heartbeat(self):
        last = int(self.client.hget(self.prefix + "head", f"type_rev:{self.kind}") or 0)
        if last > self.last:
            self.missed.append((self.last, last))
            self.catch_up()

    def take(self, event):
        data = event["data"]
        if event["type"] == "dev.shelfd.heartbeat":
            self.heartbeat()
        elif data["generation"] != self.generation:
            self.catch_up()
        elif "type_rev_before" in data and data["rev"] > self.last:
            if data["type_rev_before"] != self.last:
                self.missed.append((self.last, data["rev"]))
                self.catch_up()
            elif data["op"] == "deleted":
                self.last = data["rev"]
                del self.known[data["id"]]
            else:
                self.last = self.known[data["id"]] = data["rev"]

    def hear(self, marker):
        """Everything that was published before the marker is taken when this returns."""
        deadline = Deadline()
        while not deadline.passed():
            message = self.pubsub.get_message(timeout=deadline.left())
            if message is not None and message["type"] == "message":
                if message["data"] == marker:
                    return self
                self.take(json.loads(message["data"]))
        raise AssertionError("the marker does not come")

    def truth(self):
        return {key: int(rev) for key, rev in
                self.client.zrange(f"{self.prefix}index:{self.kind}", 0, -1, withscores=True)}


def test_a_subscriber_of_one_type_sees_each_gap_of_its_type_and_no_other(scene):
    writer = Writer(scene.redis()).begin()
    control = writer.prefix + "events:control"
    for key in ("skill/a", "tool/a", "skill/b"):
        writer.put(key)
    reader = OneType(scene.server.client(username="reader", password=document.password(document.users()["reader"])), "skill")
    for key in ("tool/b", "skill/c", "tool/c", "skill/a"):
        writer.put(key)
    writer.put("tool/d", told=False)
    writer.put("skill/d")
    writer.drop("skill/b")
    writer.client.publish(control, "1")
    assert reader.hear("1").missed == [] and reader.known == reader.truth()

    last = writer.rev
    writer.put("skill/e", told=False)
    writer.drop("skill/a", told=False)
    writer.put("tool/e")
    writer.put("skill/f")
    writer.put("skill/g")
    writer.client.publish(control, "2")
    assert reader.hear("2").missed == [(last, last + 4)] and reader.known == reader.truth()

    last = writer.rev
    writer.put("skill/h", told=False)
    writer.client.publish(control, json.dumps({"type": "dev.shelfd.heartbeat", "data": {"generation": writer.generation}}))
    writer.client.publish(control, "3")
    assert reader.hear("3").missed[1:] == [(last, last + 1)] and reader.known == reader.truth()

    writer.begin("fedcba9876543210fedcba9876543210")
    for _ in range(20):
        writer.put("skill/z")
    writer.client.publish(control, "4")
    assert len(reader.hear("4").missed) == 2 and reader.known == reader.truth() == {"z": 20}


def test_the_shell_program_has_no_finding_of_shellcheck(tmp_path):
    if shutil.which("shellcheck") is None:
        pytest.skip("no shellcheck")
    path = tmp_path / "consumer.sh"
    path.write_text(document.block("bash"), encoding="utf-8")
    done = subprocess.run(["shellcheck", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
