"""shelfd is killed at random moments under constant change: each time Redis is made equal to the files, and nothing is told twice."""
import os
import random
import time

from oracle.published import prefix
from oracle.stream import Replay
from support.load import Load
from support.waiting import until

ENDS = int(os.environ.get("SHELFD_TEST_ENDS", "15"))
SEED = int(os.environ.get("SHELFD_TEST_FIRST_SEED", "0"))


class Stream:
    """What was seen of the change stream: it only ever grows, by one revision at a time."""

    def __init__(self, client):
        self.client = client
        self.generation = None
        self.seen = 0
        self.replay = Replay(may_cut=True)

    def look(self):
        head = self.client.hgetall(prefix() + "head")
        more = self.client.xrange(prefix() + "changes", min=f"({self.seen}-0" if self.seen else "-")
        assert self.generation in (None, head["generation"]), "a kill began a new life"
        self.generation = head["generation"]
        assert [entry for entry, _ in more] == [f"{self.seen + 1 + i}-0" for i in range(len(more))]
        for entry, fields in more:
            self.replay.feed(entry, fields["event"])
        self.seen += len(more)
        assert self.seen >= int(head["rev"]), "the head is ahead of the stream, or went back"


def test_kill_9_at_random_moments_under_constant_change_loses_and_repeats_nothing(scene):
    rng = random.Random(SEED)
    for i in range(20):
        scene.checkout.skill(f"s{i}")
    daemon = scene.daemon().start()
    stream = Stream(scene.server.client())
    restarts = []  # seconds from the start to all that was changed meanwhile being published
    for number in range(ENDS):
        with Load(scene.checkout, rng.random(), rng.choice([0.0, 0.001, 0.01])) as load:
            if rng.random() < 0.5:
                daemon.barrier()
            load.wait_steps(rng.randrange(60))
            daemon.kill()
        scene.server.left_alone()
        stream.look()
        started = time.monotonic()
        daemon.start(wait=False)
        if rng.random() < 0.2:
            # in the midst of its start, too
            until("it has begun", lambda: os.path.exists(daemon.control) or daemon.process.poll() is not None)
            daemon.kill()
            scene.server.left_alone()
            stream.look()
            started = time.monotonic()
            daemon.start(wait=False)
        daemon.wait_ready()
        restarts.append(time.monotonic() - started)
        stream.look()
        try:
            scene.check(replay=stream.replay)
        except AssertionError as failure:
            raise AssertionError(f"after kill {number} of seed {SEED}: {failure}") from None
    restarts.sort()
    print(f"{ENDS} kills, {stream.seen} changes; a restart took {restarts[ENDS // 2]:.2f} s, the slowest "
          f"{restarts[-1]:.2f} s; {sum(seconds > 10 for seconds in restarts)} took more than 10 s")
