"""Files that come, change and go for as long as it lasts."""
import os
import random
import threading

from .waiting import until


class Load:
    def __init__(self, checkout, seed, pause=0.01):
        self.checkout = checkout
        self.rng = random.Random(seed)
        self.pause = pause  # seconds between two steps
        self.there = sorted(name for name in os.listdir(checkout.path("skills")) if name.startswith("n")) if (
            os.path.isdir(checkout.path("skills"))) else []
        self.created = 0
        self.steps = 0
        self.failure = None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def step(self):
        dice = self.rng.random()
        if len(self.there) < 20 or (dice < 0.3 and len(self.there) < 100):
            self.there.append(f"n{self.created}-{self.rng.randrange(1 << 40):x}")
            self.created += 1
            self.checkout.skill(self.there[-1])
        elif dice < 0.85:
            self.checkout.skill(self.rng.choice(self.there), f"Edit {self.rng.random()}.")
        else:
            self.checkout.remove("skills/" + self.there.pop(self.rng.randrange(len(self.there))))

    def run(self):
        try:
            while not self.over.wait(self.pause):
                self.step()
                self.steps += 1
        except BaseException as failure:  # told by the thread that waits for it
            self.failure = failure

    def wait_steps(self, number):
        before = self.steps
        until(f"there are {number} more changes", lambda: self.failure or self.steps >= before + number)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        if self.failure is not None:
            raise self.failure
