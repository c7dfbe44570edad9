"""
Ten consumers - shelfctl watch, and the two programs that doc/PROTOCOL.md gives, as they stand there - against a writer and
everything that can happen to them: each ends equal to the truth, and steps over nothing that was not in the stream.
"""
import os
import random
import signal

import pytest

from support.consumers import Python, Shell, Watch, assert_equal_to_the_truth
from support.redisserver import RedisServer
from support.writer import Writer

CHANGES = int(os.environ.get("SHELFD_TEST_CHANGES", "3000"))
SEED = int(os.environ.get("SHELFD_TEST_FIRST_SEED", "0"))
TEN = [Watch] * 4 + [Python] * 3 + [Shell] * 3
IDS = [f"s{n}" for n in range(60)] + ['a "quoted\\" one]', "$(touch pwned)", "`touch pwned`", "deep/er/é ü", " blank ", "'", "*"]


class Many:
    """A writer, its consumers, and which revisions never were in the stream."""

    def __init__(self, folder, server):
        self.folder, self.server = folder, server
        self.client = server.client()
        self.writer = Writer(self.client).begin()
        self.random = random.Random(SEED)
        self.consumers = []
        self.gone = []
        self.paused = {}  # consumer: number of changes to go
        self.lost = set()  # (generation, revision)
        self.types = ["skill", "tool"]

    def join(self, kind):
        self.consumers.append(kind(self.folder, f"{kind.__name__.lower()}{len(self.consumers) + len(self.gone)}", self.server))

    def change(self, **how):
        key = f"{self.random.choice(self.types)}/{self.random.choice(IDS)}"
        if self.random.random() < 0.3 and self.client.exists(f"{self.writer.prefix}item:{key}"):
            self.writer.drop(key, **how)
        else:
            self.writer.put(key, sha256=f"{self.random.getrandbits(64):016x}", **how)
        if how.get("stream", True) is not True:
            self.lost.add((self.writer.generation, self.writer.rev))
        for consumer in list(self.paused):
            self.paused[consumer] -= 1
            if self.paused[consumer] <= 0:
                self.resume(consumer)

    def resume(self, consumer):
        del self.paused[consumer]
        consumer.send(signal.SIGCONT)

    def caught_up(self):
        """All of them have all, which is the truth."""
        for consumer in list(self.paused):
            self.resume(consumer)
        assert_equal_to_the_truth(self.consumers, self.client)
        for consumer in self.consumers:
            assert not consumer.stepped & self.lost, consumer.name

    def drop_tombstones(self):
        """The older half, as if there were too many."""
        deleted = self.writer.prefix + "deleted"
        drop = self.client.zcard(deleted) // 2
        if drop > 0:
            self.client.zremrangebyrank(deleted, 0, drop - 1)
            [(_, oldest)] = self.client.zrange(deleted, 0, 0, withscores=True)
            self.client.hset(self.writer.prefix + "head", "floor", int(oldest))

    def close(self):
        for consumer in self.consumers + self.gone:
            consumer.stop()
            consumer.assert_clean()
            assert "pwned" not in os.listdir(consumer.folder)


@pytest.fixture
def many(folder):
    server = RedisServer(os.path.join(folder, "redis")).start()
    made = Many(folder, server)
    yield made
    made.close()
    server.stop()


def test_each_of_ten_consumers_detects_each_gap_that_is_put_in_on_purpose(many):
    for _ in range(100):
        many.change()
    for kind in TEN:
        many.join(kind)
    many.caught_up()
    for stream in (False, "xdel", "xtrim"):
        for length in (1, 3):
            many.change()
            many.caught_up()
            first = many.writer.rev + 1
            for _ in range(length):
                many.change(stream=stream)
            many.change()
            many.caught_up()
            for consumer in many.consumers:
                begins = [gap[1] for gap in consumer.gaps]
                assert first in begins, (consumer.name, stream, consumer.gaps)
    # A gap that no later entry tells of is told by the head.
    first = many.writer.rev + 1
    many.change(stream=False)
    many.caught_up()
    assert all(consumer.gaps[-1][1] == first for consumer in many.consumers)
    assert all(consumer.resets == 1 for consumer in many.consumers)


def test_below_the_floor_and_in_a_new_life_each_of_ten_consumers_starts_over(many):
    for _ in range(100):
        many.change()
    for kind in TEN:
        many.join(kind)
    many.caught_up()
    for consumer in many.consumers:
        consumer.send(signal.SIGSTOP)
    while int(many.client.hget(many.writer.prefix + "head", "floor") or 0) <= 101:
        many.change(stream="xtrim")
        many.drop_tombstones()
    for consumer in many.consumers:
        consumer.send(signal.SIGCONT)
    many.change()
    many.caught_up()
    assert all(consumer.resets == 2 for consumer in many.consumers)
    many.writer.begin("fedcba9876543210fedcba9876543210")
    for _ in range(200):
        many.change()
    many.caught_up()
    assert all(consumer.resets >= 3 for consumer in many.consumers)


def test_consumers_of_a_redis_that_comes_back_with_older_data_have_these_too(many):
    """Nobody writes: only the head can tell."""
    for kind in (Watch, Python, Shell):
        many.join(kind)
    for _ in range(50):
        many.change()
    many.client.save()
    for _ in range(50):
        many.change()
    many.caught_up()
    many.server.stop(signal.SIGKILL)
    many.server.start()
    many.client = many.server.client()
    assert int(many.client.hget(many.writer.prefix + "head", "rev")) == 50
    assert_equal_to_the_truth(many.consumers, many.client)


def test_ten_consumers_that_join_fall_behind_reconnect_and_pause_end_equal_to_the_truth(many):
    chance = many.random
    for kind in TEN:
        many.join(kind)

    def pause():
        consumer = chance.choice([c for c in many.consumers if c not in many.paused] or [None])
        if consumer is not None:
            consumer.send(signal.SIGSTOP)
            many.paused[consumer] = chance.randrange(1, chance.choice([300, CHANGES // 5]))

    def join():
        consumer = many.consumers.pop(chance.randrange(len(many.consumers)))
        many.paused.pop(consumer, None)
        consumer.look().stop()
        assert not consumer.stepped & many.lost, consumer.name
        many.gone.append(consumer)
        many.join(type(consumer))

    def meet():
        """So that the changes are not over before the slow ones have begun."""
        awake = [c for c in many.consumers if c not in many.paused]
        many.change()  # an entry is there to be noticed; otherwise the time-out is waited for
        if awake:
            chance.choice(awake).wait(many.writer.generation, many.writer.rev)

    def reconnect():
        many.client.execute_command("CLIENT", "KILL", "USER", "reader")

    def lose():
        for _ in range(chance.randrange(1, 6)):
            many.change(stream=chance.choice([False, "xdel"]))

    def trim():
        many.client.xtrim(many.writer.prefix + "changes", maxlen=chance.randrange(50), approximate=False)

    def new_type():
        many.types.append(f"type{len(many.types)}")

    def new_life():
        if chance.random() < 0.2:
            many.writer.begin(f"{chance.getrandbits(128):032x}")

    happenings = [pause] * 6 + [meet] * 5 + [join, reconnect, reconnect, lose, lose, lose, trim, trim, many.drop_tombstones, new_type, new_life]
    done = 0
    while done < CHANGES:
        for _ in range(chance.randrange(1, 60)):
            many.change()
            done += 1
        chance.choice(happenings)()
    many.change()
    many.caught_up()
    assert many.lost and any(consumer.gaps for consumer in many.consumers)
