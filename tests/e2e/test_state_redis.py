"""Numbers that Redis had confirmed are not used again, whoever was there when it lost them."""
import os
import re
import shutil
import signal

import pytest

from support.consumers import Python, Shell, Watch, assert_equal_to_the_truth
from support.kept import start, stop
from support.waiting import until

NEW_LIFE = re.compile(r"redis: (.*); publishing everything as new generation ([0-9a-f]{32})")


def dump(scene, copy):
    scene.server.client().save()
    shutil.copy(os.path.join(scene.server.folder, "dump.rdb"), copy)


def roll_back(scene, copy):
    """Redis comes back with what it was when copy was made."""
    scene.server.stop(signal.SIGKILL)
    shutil.copy(copy, os.path.join(scene.server.folder, "dump.rdb"))
    scene.server.start()


def assert_new_life(scene, daemon, generation, words):
    """Named in the log once and in status, with the reason."""
    have = scene.check()
    assert have.head["generation"] != generation
    found = [m for m in NEW_LIFE.finditer(daemon.output()) if m[2] == have.head["generation"]]
    assert len(found) == 1 and words in found[0][1], daemon.output()
    status = daemon.status()["redis"]
    assert status["condition"] == "" and words in status["reset"]["reason"]
    said = scene.shelfctl("-c", daemon.config, "status", check=0).stdout
    assert re.search(rf"generation +begun anew at .*{re.escape(words)}", said), said
    return have


def test_a_redis_that_went_back_while_shelfd_was_off_gets_a_new_generation(scene, settled, reads):
    old = os.path.join(scene.folder, "old.rdb")
    dump(scene, old)
    start(settled)
    for i in range(5):
        scene.checkout.skill("g0/s0", f"Edit {i}.")
        settled.barrier()
    rev, generation = scene.rev(), scene.published().head["generation"]
    stop(settled)
    roll_back(scene, old)
    assert scene.rev() == rev - 5
    start(settled)
    assert_new_life(scene, settled, generation, f"revision {rev - 5} of {rev}")
    stop(settled)
    # The same file again: neither life goes on from there.
    roll_back(scene, old)
    start(settled)
    assert_new_life(scene, settled, generation, f"revision {rev - 5} of {rev}")


def test_a_redis_that_went_back_and_was_written_by_another_agent_is_noticed(scene, settled):
    old = os.path.join(scene.folder, "old.rdb")
    dump(scene, old)
    start(settled)
    scene.checkout.skill("g0/s0", "Lost.")
    settled.barrier()
    generation = scene.published().head["generation"]
    stop(settled)
    roll_back(scene, old)
    other = scene.daemon("other").start()  # with a state of its own, which knows nothing of it
    for i in range(5):
        scene.checkout.skill("g0/s1", f"Edit {i}.")
        other.barrier()
    assert scene.check().head["generation"] == generation
    stop(other)
    start(settled)
    assert_new_life(scene, settled, generation, "another change as revision")


def test_flushall_while_shelfd_is_off_gives_a_new_generation_without_reading(scene, settled, reads):
    generation = scene.published().head["generation"]
    scene.server.client().flushall()
    start(settled, reads)
    assert_new_life(scene, settled, generation, "does not have the catalog any more")
    assert reads.take() == []


def test_a_redis_that_went_back_while_shelfd_runs_gets_a_new_generation_with_its_reason(scene, settled):
    old = os.path.join(scene.folder, "old.rdb")
    dump(scene, old)
    start(settled)
    scene.checkout.skill("g0/s0", "Lost.")
    settled.barrier()
    rev, generation = scene.rev(), scene.published().head["generation"]
    roll_back(scene, old)
    until("there is a new generation", lambda: scene.published().head["generation"] != generation)
    settled.barrier()
    assert_new_life(scene, settled, generation, f"revision {rev - 1}")


@pytest.mark.parametrize("off", [False, True], ids=["running", "off"])
def test_three_consumers_that_tail_a_redis_that_goes_back_end_equal_to_the_truth(scene, settled, off):
    old = os.path.join(scene.folder, "old.rdb")
    dump(scene, old)
    start(settled)
    client = scene.server.client()
    consumers = [kind(scene.folder, kind.__name__.lower(), scene.server) for kind in (Python, Shell, Watch)]
    try:
        for i in range(5):
            scene.checkout.skill(f"g0/s{4 * i}", "Lost with its revision.")
            settled.barrier()
        generation = scene.published().head["generation"]
        assert_equal_to_the_truth(consumers, client)  # so they know the revisions that will be lost
        if off:
            stop(settled)
        roll_back(scene, old)
        for i in range(10):
            scene.checkout.skill(f"g1/s{4 * i + 1}", "Not told before.")
        if off:
            start(settled)
        until("there is a new generation", lambda: scene.published().head.get("generation") != generation)
        settled.barrier()
        assert_new_life(scene, settled, generation, "revision")
        assert_equal_to_the_truth(consumers, client)
        assert all(consumer.generation != generation and consumer.resets >= 2 for consumer in consumers)
    finally:
        for consumer in consumers:
            consumer.stop()
            consumer.assert_clean()


def test_no_other_end_of_shelfd_costs_the_generation(scene, settled):
    generation = scene.published().head["generation"]
    for how in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
        start(settled)
        scene.checkout.skill("g0/s0", f"Before {how} {scene.rev()}.")
        settled.barrier()
        settled.stop(how)
        scene.checkout.skill("g0/s1", f"After {how} {scene.rev()}.")
        scene.once("-c", settled.config)
    assert scene.check().head["generation"] == generation
    assert "reset" not in start(settled).status()["redis"]
