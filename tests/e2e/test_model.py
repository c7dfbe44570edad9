"""Random sequences of what people, editors and git do; after each quiet point Redis equals the oracle."""
import os
import shutil
import tempfile
import time

import hypothesis
import pytest
from hypothesis.stateful import run_state_machine_as_test

from model.machine import Machine
from model.world import World

FIRST = int(os.environ.get("SHELFD_TEST_FIRST_SEED", "0"))
SEEDS = int(os.environ.get("SHELFD_TEST_SEEDS", "100"))
STEPS = int(os.environ.get("SHELFD_TEST_STEPS", "200"))
SHRINK = os.environ.get("SHELFD_TEST_SHRINK", "yes") == "yes"
WORLD_SEEDS = 25  # of one world; then another begins, with few objects in git and a short stream

KINDS = ["checkout", "linked"]  # even seeds have the one, odd seeds the other


class Worlds:
    """The world of the moment; a new one after some seeds."""

    def __init__(self, kind):
        self.kind = kind
        self.world = None
        self.folder = None
        self.seeds = 0

    def next(self):
        if self.seeds % WORLD_SEEDS == 0:
            self.close()
            self.folder = tempfile.mkdtemp(prefix="shelfd-")
            self.world = World(self.folder, self.kind)
        self.seeds += 1
        return self.world

    def close(self):
        if self.world is not None:
            self.world.close()
            shutil.rmtree(self.folder, ignore_errors=True)
        self.world = None


@pytest.fixture
def worlds(request):
    made = Worlds(request.param)
    yield made
    if made.world is not None and getattr(request.node, "report_call", None) and request.node.report_call.failed:
        made.world.scene.show_logs()
    made.close()


def run(world, seed):
    machine = hypothesis.seed(seed)(type("Seed", (Machine,), {"world": world}))
    run_state_machine_as_test(machine, settings=hypothesis.settings(
        max_examples=1, stateful_step_count=STEPS, deadline=None, database=None, report_multiple_bugs=False,
        phases=[hypothesis.Phase.generate, *([hypothesis.Phase.shrink] if SHRINK else [])],
        suppress_health_check=list(hypothesis.HealthCheck)))


@pytest.mark.parametrize("worlds", KINDS, indirect=True)
def test_random_sequences_end_in_what_the_oracle_says(worlds):
    """One shelfd lives through many sequences. The failing one is printed, as small as it could be made."""
    started = time.monotonic()
    for seed in range(FIRST, FIRST + SEEDS):
        if KINDS[seed % len(KINDS)] != worlds.kind:
            continue
        try:
            run(worlds.next(), seed)
        except BaseException:
            failure, story = worlds.world.failure or ("", worlds.world.story)
            print(f"seed {seed} again: make soak FIRST={seed} SEEDS=1 STEPS={STEPS}\n{failure}what it did first:")
            for words in story:
                print(*(repr(word[:60]) if isinstance(word, bytes) else ascii(word) for word in words))
            raise
    print(f"{worlds.seeds} seeds of {STEPS} steps in {time.monotonic() - started:.0f} s")
