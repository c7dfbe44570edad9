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


def documented(heading):
    return {name for row in document.rows(heading) for name in document.names(row[0])}


def described(key):
    """The fields that the table of keys names for a key."""
    [row] = [row for row in document.rows("Keys") if document.names(row[0]) == [f"P {key}"]]
    return {name for name in document.names(row[2]) if re.fullmatch("[a-z_0-9]+", name)} - {"event"}


@pytest.fixture
def full(scene):
    """A shelfd that has done everything that leaves something in Redis, and what was heard of it."""
    subscriber = scene.subscriber()
    scene.checkout.write("skills/all/SKILL.md", "---\nname: all\ndescription: d\nversion: 1.0\nowner: Ada\ntags: [a]\n"
                         "dependencies: [b]\nstatus: draft\n---\n")
    for name in ("broken", "moved", "gone"):
        scene.checkout.skill(name, body=name)
    scene.checkout.commit()
    scene.checkout.write("skills/never/SKILL.md", "---\nname: [\n---\n")
    daemon = scene.daemon().start()
    scene.checkout.write("skills/broken/SKILL.md", "---\nname: [\n---\n")
    scene.checkout.rename("skills/moved", "skills/new")
    scene.checkout.remove("skills/gone")
    scene.checkout.commit()
    daemon.sync()
    subscriber.wait_for("a heartbeat", lambda channel, event: event["data"].get("rev") == scene.rev()
                        and event["type"] == "dev.shelfd.heartbeat")
    return scene, subscriber.drain()


def test_every_key_and_field_that_shelfd_writes_is_in_the_document_and_every_other_is_not(full):
    scene, _ = full
    client, prefix = scene.server.client(), "shelf:{main}:"
    patterns = {document.names(row[0])[0].removeprefix("P ").replace("<type>/<id>", ".+").replace("<type>", ".+"): row[1]
                for row in document.rows("Keys") if "events" not in row[0]}
    kinds = {"sorted set": "zset"}
    met = set()
    for key in client.scan_iter("*"):
        [name] = [name for name in patterns if re.fullmatch(re.escape(prefix) + name, key)]
        kind = patterns[name].split(",")[0]
        assert client.type(key) == kinds.get(kind, kind), key
        assert (client.ttl(key) >= 0) == ("expires" in patterns[name]), key
        met.add(name)
    assert met == set(patterns)

    head = {re.sub(":.*", ":<type>", field) for field in client.hgetall(prefix + "head")}
    assert documented("head") - head == {"floor"} and head <= documented("head")
    items = [client.hgetall(key) for key in client.scan_iter(prefix.replace("[", "") + "item:*")]
    assert set().union(*items) == documented("An item")
    assert set(client.hgetall(prefix + "heartbeat")) == described("heartbeat") - {"condition"}
    assert {field for _, row in client.xrange(prefix + "syncs") for field in row} == described("syncs")
    histories = [row for key in client.scan_iter(prefix + "history:*") for _, row in client.xrange(key)]
    assert set().union(*histories) == described("history:<type>/<id>")
    deleted = [row for row in histories if row["op"] == "deleted"]
    assert deleted and set().union(*deleted) == {"op", "time", "commit"}
    problems = [problem for row in client.hvals(prefix + "problems") for problem in json.loads(row)]
    code, prose = document.section("Problems").split("```")[1:]
    assert set().union(*problems) <= set(json.loads(code.removeprefix("json"))[0]) | set(document.names(prose))


def test_every_member_of_an_event_is_in_the_document_and_every_other_is_not(full):
    scene, subscriber = full
    events = [event for _, event in subscriber.events]
    changes = subscriber.changes()
    sample = json.loads(document.section("Events").split("```")[1].removeprefix("json"))
    assert {frozenset(event) for event in changes} == {frozenset(sample)}
    members, control = {}, {}
    for row in document.rows("Events"):
        (control if row[0].startswith("`dev.") else members).update(dict.fromkeys(document.names(row[0]), row))
    assert set().union(*(event["data"] for event in changes)) == set(members)
    assert set(sample["data"]) <= set(members)
    for event in events:
        if event["type"] in control:
            assert set(event) == set(sample) - {"subject"}, event
            assert set(event["data"]) <= set(document.names(control[event["type"]][2])), event
    assert {event["type"] for event in events if event not in changes} == set(control)


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
