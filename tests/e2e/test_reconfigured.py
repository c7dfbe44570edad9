"""Another configuration alone, over the same files and a Redis that kept all: what it makes of them is told, once."""
import signal

import pytest

from oracle.checkout import Collection
from oracle.published import prefix
from support.checkout import skill
from support.kept import age, restart, start, stop
from support.load import Load

# For each field of an item a key of the document that another configuration takes it from.
OTHER = {"name": "title", "version": "edition", "description": "summary", "dependencies": "needs", "tags": "labels",
         "owner": "maintainer", "status": "stage"}
SKILLS = {"type": "skill", "path": "skills", "entry": ["SKILL.md"], "flat": ["*.md"]}


def stopped_and_started(daemon):
    stop(daemon)
    daemon.start()


def reloaded(daemon):
    daemon.send(signal.SIGHUP)
    daemon.notify.wait_for("RELOADING=1", alive=daemon.assert_alive)
    daemon.wait_ready()


both_ways = pytest.mark.parametrize("anew", [stopped_and_started, reloaded])


def collections(scene, daemon, *given):
    """For shelfd and for the oracle."""
    daemon.configure(collections=list(given))
    scene.collections = [Collection(**{k: v for k, v in c.items() if k not in ("profile", "rules", "on_invalid")}) for c in given]


def told(scene, since, subscriber):
    """What a reader of the stream and a subscriber were told, and that it was the same."""
    changes = scene.changes(since)
    assert subscriber.drain().changes() == changes
    subscriber.clear()
    return sorted(f"{e['data']['op']} {e['subject']}" for e in changes)


@both_ways
def test_each_field_that_is_taken_from_another_place_is_published_once(scene, anew):
    c = scene.checkout
    more = {"version": "1.0.0", "dependencies": "[a]", "tags": "[x]", "owner": "me", "status": "draft",
            "title": "The first", "edition": "2.0.0", "summary": "In short.", "needs": "[b, c]", "labels": "[y]",
            "maintainer": "you", "stage": "archived"}
    for name in ("a", "b"):
        c.skill(name, **more)
    c.skill("usual", version="1.0.0", tags="[x]")  # has none of the other keys
    c.skill("bare", title="Only this one")  # gets by the other keys what it had not
    c.commit()
    subscriber = scene.subscriber()
    daemon = scene.daemon(collections=[SKILLS]).start()
    scene.collections = [Collection(**SKILLS)]
    scene.check()
    subscriber.drain().clear()
    fields = {}
    for field, key in OTHER.items():
        fields[field] = [f"/{key}", f"/{field}"]
        collections(scene, daemon, {**SKILLS, "fields": fields})
        before = scene.rev()
        anew(daemon)
        have = scene.check()
        assert have.items["skill/a"][field] == scene.expected().items["skill/a"][field]
        also = ["updated skill/bare"] if field == "name" else []
        assert told(scene, before, subscriber) == ["updated skill/a", "updated skill/b", *also]
        before = scene.rev()
        anew(daemon)
        scene.check()
        assert told(scene, before, subscriber) == []
    # All at once, and some are absent then.
    collections(scene, daemon, {**SKILLS, "fields": {field: "/nowhere" for field in OTHER}})
    before = scene.rev()
    anew(daemon)
    assert not {"name", "version", "description", "dependencies", "tags", "owner"} & scene.check().items["skill/a"].keys()
    assert told(scene, before, subscriber) == ["updated skill/a", "updated skill/b", "updated skill/bare", "updated skill/usual"]


@both_ways
@pytest.mark.parametrize("setting, changes", [
    ({"id_from": "/title"}, ["created skill/One", "deleted skill/one"]),
    ({"ignore": ["one/**"]}, ["deleted skill/one"]),
    ({"flat": ["*.md", "more/*.md"]}, ["created skill/more/two"]),
    ({"entry": ["README.md"]}, ["created skill/one/SKILL"]),
    ({"type": "prompt"}, ["created prompt/one", "deleted skill/one"]),
    ({"path": "skills/more", "flat": ["*.md"]}, ["created skill/two", "deleted skill/one"]),
])
def test_what_is_an_item_under_which_id_follows_the_configuration(scene, anew, setting, changes):
    c = scene.checkout
    c.skill("one", title="One")
    c.write("skills/more/two.md", skill("two", title="Two"))
    c.commit()
    if "entry" in setting:
        setting = {**setting, "flat": ["**/SKILL.md"]}
        changes = ["created skill/one/SKILL", "deleted skill/one"]
    subscriber = scene.subscriber()
    daemon = scene.daemon(collections=[SKILLS]).start()
    collections(scene, daemon, SKILLS)
    scene.check()
    before = scene.rev()
    subscriber.drain().clear()
    collections(scene, daemon, {**SKILLS, **setting})
    for expected in (changes, []):
        anew(daemon)
        scene.check()
        assert told(scene, before, subscriber) == expected
        before = scene.rev()


@both_ways
def test_another_name_of_the_source_is_told_of_every_item(scene, anew):
    scene.checkout.skill("one")
    subscriber = scene.subscriber()
    daemon = scene.daemon().start()
    before = scene.rev()
    subscriber.drain().clear()
    daemon.configure(source={"root": scene.checkout.root, "name": "other"})
    for expected in (["updated skill/one"], []):
        anew(daemon)
        assert scene.published().items["skill/one"]["source"] == "other"
        assert told(scene, before, subscriber) == expected
        before = scene.rev()


@both_ways
def test_what_is_wrong_and_what_becomes_of_it_follows_the_configuration(scene, anew):
    c = scene.checkout
    c.skill("good")
    c.skill("odd", colour="red")  # a key that skills do not have: a warning, if any
    subscriber = scene.subscriber()
    daemon = scene.daemon(collections=[SKILLS]).start()
    good = scene.check()
    odd = {"skill/odd": good.items["skill/odd"]}

    def change(expected, **more):
        before = scene.rev()
        subscriber.drain().clear()
        daemon.configure(collections=[{**SKILLS, "schema": "skill", **more}])
        for said in (expected, []):
            anew(daemon)
            assert told(scene, before, subscriber) == said
            before = scene.rev()
        return scene.published()

    def severity(have):
        return [p["severity"] for p in have.problems["skills/odd/SKILL.md"] if p["code"] == "skill-unknown-key"]

    have = change(["updated skill/odd"], rules={"skill-unknown-key": "error"})
    assert severity(have) == ["error"]
    assert have.items["skill/odd"] == {**odd["skill/odd"], "state": "stale", **{
        k: have.items["skill/odd"][k] for k in ("rev", "updated_at")}}
    have = change(["deleted skill/odd"], rules={"skill-unknown-key": "error"}, on_invalid="withdraw")
    assert severity(have) == ["error"]
    have = change(["created skill/odd"], rules={"skill-unknown-key": "note"})
    assert severity(have) == ["note"]
    have = change([], rules={"skill-unknown-key": "off"})
    assert "skills/odd/SKILL.md" not in have.problems
    scene.check()


def test_another_field_needs_nothing_that_an_earlier_life_kept_in_redis(scene, reads):
    """Somebody wrote into an item while shelfd was off: it is made good by the same comparison, and nothing is read for it."""
    scene.checkout.skill("one", version="1.0.0", owner="me")
    scene.checkout.skill("two")
    scene.checkout.commit()
    age(scene)
    daemon = start(scene.daemon())
    client, key, rev = scene.server.client(), prefix() + "item:skill/one", scene.rev()
    for field in ("name", "version", "description", "owner", "tags"):
        stop(daemon)
        client.hset(key, field, "something else")
        start(daemon, reads)
        scene.check()
        assert reads.take() == []
    stop(daemon)
    client.hdel(key, "description")
    start(daemon, reads)
    scene.check()
    assert reads.take() == []
    assert [e["subject"] for e in scene.changes(rev)] == ["skill/one"] * 6
    assert restart(scene, daemon, reads) == [] and scene.rev() == rev + 6


def test_reloads_under_constant_change_end_as_the_last_configuration_says(scene):
    for i in range(40):
        scene.checkout.skill(f"s{i}", title=f"Title {i}")
    daemon = scene.daemon(collections=[SKILLS]).start()
    for round_ in range(10):
        with Load(scene.checkout, round_, 0.001) as load:
            collections(scene, daemon, {**SKILLS, "fields": {"name": ["/name", "/title"][round_ % 2:]}})
            load.wait_steps(10)
            reloaded(daemon)
            load.wait_steps(10)
        daemon.barrier()
        scene.check(may_cut=True)
