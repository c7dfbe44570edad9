"""The connection to Redis is cut, at every byte and a thousand times: each change is in the stream exactly once."""
import collections
import os
import random

from oracle.published import prefix
from support.load import Load
from support.proxy import Late, cut, cut_reply, passed
from support.several import daemons, in_parallel
from support.waiting import until

CUTS = int(os.environ.get("SHELFD_TEST_CUTS", "1000"))


def read_again(client, catalog, generation):
    """With the next connection the daemon finds a life that it does not know, and reads all that is published."""
    client.hset(prefix(catalog) + "head", "generation", generation)


def reconnected(proxy, connections):
    """Waits until so many connections are over and the next one is through its start. Its number of bytes."""
    lost, renewed = proxy.lost, proxy.answered["renew"]
    proxy.cut()
    until("the connections are lost", lambda: proxy.lost >= lost + connections)
    until("the start is over", lambda: proxy.answered["renew"] > renewed)
    return proxy.open[0].delivered


def test_a_start_that_is_cut_at_any_byte_of_its_replies_loses_and_repeats_nothing(scene):
    scene.checkout.skill("one")
    scene.checkout.write("skills/broken/SKILL.md", "---\nname: [\n---\n")
    rows = daemons(scene, 8)
    heads = {catalog: scene.published(catalog).head for catalog, _, _ in rows}
    client = scene.server.client()
    cuts = collections.Counter()

    def work(catalog, proxy, _daemon):
        read_again(client, catalog, "f" * 32)
        total = reconnected(proxy, 1)
        assert proxy.answered["HMGET"] == 1 and proxy.answered["HSCAN"] == 1
        for at in range(1 + int(catalog[1:]), total, len(rows)):
            read_again(client, catalog, f"{at:032x}")
            proxy.budgets.append(at)
            reconnected(proxy, 2)
            cuts[catalog] += 1
        read_again(client, catalog, heads[catalog]["generation"])
        reconnected(proxy, 1)

    in_parallel(work, rows)
    print(f"{sum(cuts.values())} cuts")
    assert sum(cuts.values()) > 600, "the replies of a start are shorter than they can be"
    for catalog, _, daemon in rows:
        daemon.barrier()
        have = scene.check(catalog=catalog)
        assert {name: have.head[name] for name in ("generation", "rev", "epoch")} == {
            name: heads[catalog][name] for name in ("generation", "rev", "epoch")}


def test_a_change_whose_reply_is_cut_at_any_byte_is_published_once(scene):
    scene.checkout.skill("one")
    (_, proxy, daemon), = daemons(scene, 1)
    at = 0
    actions = [cut]
    while actions:
        rule = proxy.rule("apply", actions.pop(), times=1)
        scene.checkout.skill("one", f"Edit {at}.")
        rule.wait()
        daemon.barrier()
        assert int(scene.published("c0").head["rev"]) == at + 2
        last = scene.server.client().hget(prefix("c0") + "head", "rev")
        whole = len(f"*3\r\n$2\r\nOK\r\n$1\r\n1\r\n$1\r\n1\r\n") + 2 * (len(last) - 1)
        if at < whole:
            actions.append(cut_reply(at))
        at += 1
    assert at > 26
    scene.check(catalog="c0")


def test_a_request_that_arrives_late_changes_nothing_any_more(scene):
    for i in range(3):
        scene.checkout.skill(f"s{i}")
    (_, proxy, daemon), = daemons(scene, 1)
    late = Late()
    proxy.rule("apply", late, times=1)
    scene.checkout.skill("s0", "Sent twice.")
    until("the change is published", lambda: int(scene.published("c0").head["rev"]) == 4)
    daemon.barrier()
    scene.checkout.skill("s0", "And then another.")
    daemon.barrier()
    before = scene.check(catalog="c0")
    assert late.arrive().startswith(b"-BASE ")
    assert scene.check(catalog="c0") == before


def test_a_catalog_that_is_begun_anew_twice_is_kept_when_the_first_request_arrives_late(scene):
    for i in range(3):
        scene.checkout.skill(f"s{i}")
    (_, proxy, daemon), = daemons(scene, 1)
    late = Late()
    proxy.rule("mint", late, times=1)
    scene.server.client().hset(prefix("c0") + "head", "rev", 1)  # as if Redis had gone back
    proxy.cut()
    until("there is another life", lambda: proxy.answered["mint"])
    daemon.barrier()
    before = scene.check(catalog="c0")
    late.arrive()
    daemon.barrier()
    assert scene.check(catalog="c0") == before


def at_random(rng):
    """Some calls are lost, or their replies, or a part of these. Not most: each loss in a row is waited for longer."""
    def action(connection, request):
        what = rng.choice([passed] * 6 + [cut, cut_reply(rng.randrange(32))])
        what(connection, request)
    return action


def test_a_thousand_cuts_under_load_lose_and_repeat_nothing(scene):
    rows = daemons(scene, 10)

    def work(catalog, proxy, _daemon):
        rng = random.Random(catalog)
        proxy.rule("apply", at_random(rng))
        lost = proxy.lost
        while proxy.lost < lost + CUTS // len(rows):
            before = proxy.lost
            if rng.random() < 0.1:
                proxy.budgets.append(rng.randrange(1, 700))
            until("the next connection is lost", lambda: proxy.lost > before)
        proxy.clear()
        proxy.budgets.clear()

    with Load(scene.checkout, 4) as load:
        in_parallel(work, rows)
    print(f"{load.created} files were made")
    for catalog, proxy, daemon in rows:
        until("shelfd publishes again", lambda: daemon.status()["redis"]["state"] == "ready")
        daemon.barrier()
        scene.check(catalog=catalog, may_cut=True)
        events = scene.changes(catalog=catalog)
        created = collections.Counter(e["subject"] for e in events if e["data"]["op"] == "created")
        assert max(created.values()) == 1, created.most_common(3)
