"""A Redis that stalls, trickles, lies and floods: shelfd does not crash or fill the memory, and goes on when that ends."""
import itertools
import re

import pytest

from oracle import published
from oracle.published import prefix
from support import proxy as wrong
from support.daemon import FREES_AT_ONCE
from support.several import daemons, in_parallel, own_checkouts
from support.waiting import until

START = ["CLIENT", "SCRIPT", "PUBLISH", "check", "take", "ZRANGE", "HMGET", "HSCAN", "renew"]
STAGES = [*START, "apply"]
ERRORS = ["OOM", "MISCONF", "LOADING", "BUSY", "READONLY", "MOVED", "NOAUTH", "NOPERM", "NOSCRIPT", "FENCED", "GENERATION",
          "NOSTATE", "BASE", "NOITEM", "STREAM", "WRONGTYPE", "TYPE", "NOREPLICAS", "CLUSTERDOWN", "TRYAGAIN", "ASK",
          "MASTERDOWN", "ERR", "UNHEARD-OF"]
LIES = {
    "a huge array": b"*2147483647\r\n",
    "a huge array, less": b"*-2147483648\r\n",
    "arrays in arrays": b"*1\r\n" * 10000,
    "an array that stays away": b"*3\r\n$2\r\nOK\r\n",
    "a huge string": b"$9223372036854775807\r\n",
    "a string of less than nothing": b"$-5\r\n",
    "nil": b"$-1\r\n",
    "no array": b"*-1\r\n",
    "an empty array": b"*0\r\n",
    "an array of nils": b"*5\r\n" + b"$-1\r\n" * 5,
    "an array of arrays": b"*3\r\n" + b"*1\r\n:1\r\n" * 3,
    "a number": b":123456789\r\n",
    "a status": b"+OK\r\n",
    "an empty error": b"-\r\n",
    "an error of kilobytes": b"-" + b"E" * 30000 + b"\r\n",
    "garbage": bytes(range(256)) * 40,
    "a web page": b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>\r\n",
    "two replies": b"+OK\r\n+OK\r\n",
    "a head that is none": b"*2\r\n$5\r\nTAKEN\r\n*4\r\n$10\r\ngeneration\r\n$1\r\nx\r\n$3\r\nrev\r\n$2\r\n-1\r\n",
    "another generation": b"*2\r\n$5\r\nTAKEN\r\n*6\r\n$10\r\ngeneration\r\n$32\r\n" + b"f" * 32
                          + b"\r\n$3\r\nrev\r\n$1\r\n7\r\n$5\r\nepoch\r\n$1\r\n9\r\n",
    "somebody else": b"*2\r\n$4\r\nHELD\r\n$12\r\nother/1 abcd\r\n",
    "the OK of another call": b"*3\r\n$2\r\nOK\r\n$1\r\n7\r\n$1\r\n9\r\n",
}
MEMORY = 300 * 1024  # kB, whatever is sent


def resident(daemon):
    """The most that it ever had, in kB."""
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("VmHWM")).split()[1])


def provoke(scene, catalog, proxy, checkout, number):
    """The daemon starts anew, in a life that it does not know, reads everything, and has something to publish."""
    scene.server.client().hset(prefix(catalog) + "head", "generation", f"{number:032x}")
    proxy.cut()
    checkout.skill("one", f"Edit {number}.")


def settled(daemon):
    """It was over with one request; what it takes is up to the daemon."""
    until("shelfd has it", lambda: (r := daemon.status()["redis"])["state"] == "ready" and not r["condition"])
    daemon.assert_alive()


def check_all(scene, rows, checkouts, before):
    """
    What was said of an item may have been believed, and the item published anew: so no replay. But the keys are what
    the files say, and each revision is there once.
    """
    for (catalog, _, daemon), checkout in zip(rows, checkouts):
        daemon.barrier()
        have = scene.published(catalog)
        wrong_keys = published.differences(scene.expected(checkout.root), have) + published.inconsistencies(have)
        assert not wrong_keys, f"{catalog}: {wrong_keys}"
        revs = [event["data"]["rev"] for event in scene.changes(catalog=catalog)]
        assert revs == list(range(1, int(have.head["rev"]) + 1)), catalog
        assert resident(daemon) - before[catalog] < MEMORY, catalog
        assert len(re.findall("^<[0-4]>redis", daemon.output(), re.M)) < 60, "the log is flooded"


def at_each_stage(scene, replies, asked=False):
    """Each of these replies once at each stage of a start and a call; each daemon has its share of the stages."""
    checkouts = own_checkouts(scene, len(STAGES))
    rows = daemons(scene, len(STAGES), checkouts, env=FREES_AT_ONCE, timeout="500ms")
    before = {catalog: resident(daemon) for catalog, _, daemon in rows}

    def work(catalog, proxy, daemon):
        stage, checkout = STAGES[int(catalog[1:])], checkouts[int(catalog[1:])]
        for number, reply in enumerate(replies):
            rule = proxy.rule(stage, (wrong.say_after if asked else wrong.say)(reply), times=1)
            try:
                provoke(scene, catalog, proxy, checkout, number)
                rule.wait()
                settled(daemon)
            except AssertionError as failure:
                raise AssertionError(f"{reply[:40]} at {stage}: {failure}") from None

    in_parallel(work, rows)
    check_all(scene, rows, checkouts, before)


def test_an_error_of_each_class_at_each_stage_is_survived(scene):
    at_each_stage(scene, [f"-{word} as the test wants it\r\n".encode() for word in ERRORS])


def test_a_lie_of_each_kind_at_each_stage_is_survived(scene):
    at_each_stage(scene, list(LIES.values()))


def test_a_lie_about_what_was_carried_out_is_survived(scene):
    at_each_stage(scene, [b"-OOM as the test wants it\r\n", b"-BASE rev is 8\r\n", b"+OK\r\n", b"*0\r\n"], asked=True)


def test_whatever_is_answered_to_being_roused_is_survived(scene):
    scene.checkout.skill("one")
    (catalog, proxy, daemon), = rows = daemons(scene, 1, env=FREES_AT_ONCE, timeout="500ms")
    before = {catalog: resident(daemon)}
    edits = itertools.count()

    def saved_and_roused(rule):
        # Not where a heartbeat was under way when it was saved.
        scene.checkout.skill("one", f"Edit {next(edits)}.")
        daemon.barrier()
        return rule.met

    for reply in [f"-{word} as the test wants it\r\n".encode() for word in ERRORS] + list(LIES.values()):
        rule = proxy.rule("rouse", wrong.say(reply), times=1)
        until(f"it is roused and answered {reply[:40]}", lambda rule=rule: saved_and_roused(rule))
        settled(daemon)
    check_all(scene, rows, [scene.checkout], before)


FAULTS = {
    "nobody answers": wrong.stall,
    "it is carried out and nobody answers": wrong.stall_reply,
    "an endless string": wrong.endless(b"$67108864\r\n", b"x" * 65536),
    "an endless line": wrong.endless(b"+", b"x" * 65536),
    "endless strings": wrong.endless(b"*1000000\r\n", b"$100000\r\n" + b"x" * 100000 + b"\r\n"),
    "endless numbers": wrong.endless(b"*1000000\r\n", b":1\r\n" * 1000),
    "endless replies": wrong.endless(b"", b"+OK\r\n" * 1000),
    "endless errors": wrong.endless(b"", b"-OOM no\r\n" * 1000),
}


@pytest.mark.parametrize("stage", ["take", "apply"])
def test_what_has_no_end_is_given_up_and_made_good(scene, stage):
    checkouts = own_checkouts(scene, len(FAULTS))
    rows = daemons(scene, len(FAULTS), checkouts, env=FREES_AT_ONCE, timeout="500ms")
    before = {catalog: resident(daemon) for catalog, _, daemon in rows}

    def work(catalog, proxy, daemon):
        rule = proxy.rule(stage, list(FAULTS.values())[int(catalog[1:])], times=2)
        provoke(scene, catalog, proxy, checkouts[int(catalog[1:])], 1)
        rule.wait(2)
        until("it is given up", lambda: not rule.left and daemon.status()["redis"]["state"] == "ready")

    in_parallel(work, rows)
    check_all(scene, rows, checkouts, before)


def test_a_handshake_without_an_answer_is_given_up(scene):
    scene.checkout.skill("one")
    (catalog, proxy, daemon), = daemons(scene, 1, env=FREES_AT_ONCE, timeout="300ms")
    before = {catalog: resident(daemon)}
    rule = proxy.rule("CLIENT", wrong.stall, times=3)
    provoke(scene, catalog, proxy, scene.checkout, 1)
    rule.wait(3)
    check_all(scene, [(catalog, proxy, daemon)], [scene.checkout], before)


def test_replies_that_come_byte_by_byte_are_as_good(scene):
    for i in range(50):
        scene.checkout.skill(f"s{i}")
    (catalog, proxy, daemon), = daemons(scene, 1, env=FREES_AT_ONCE)
    before = {catalog: resident(daemon)}
    proxy.rule(None, wrong.trickle)
    provoke(scene, catalog, proxy, scene.checkout, 1)
    until("all is read byte by byte", lambda: proxy.answered["HMGET"] >= 50)
    check_all(scene, [(catalog, proxy, daemon)], [scene.checkout], before)
    assert proxy.lost == 1
