"""Waiting, always with a deadline, never in the hope that a pause is long enough."""
import os
import threading
import time

# A slow machine or a build with sanitizers needs longer; a failure then takes longer too.
PATIENCE = float(os.environ.get("SHELFD_TEST_PATIENCE", "30"))

# How long a frozen program stays so at least; the tests only need it to be noticed.
FREEZE = float(os.environ.get("SHELFD_TEST_FREEZE", "0"))

_never = threading.Event()


class TimedOut(AssertionError):
    pass


class Deadline:
    def __init__(self, seconds=None):
        self.end = time.monotonic() + (PATIENCE if seconds is None else seconds)

    def left(self):
        return max(0.0, self.end - time.monotonic())

    def passed(self):
        return self.left() == 0.0


def until(what, condition, seconds=None):
    """Asks again and again until condition() is true, and returns what it gave. what: for the message."""
    deadline = Deadline(seconds)
    while True:
        found = condition()
        if found:
            return found
        if deadline.passed():
            raise TimedOut(f"waited in vain until {what}; last seen: {found!r}")
        _never.wait(0.005)


# What is promised to be made good is so by then; longer where everything is slower.
RECOVERY = 5.0 * max(1.0, PATIENCE / 30.0)


def recovered(what, condition):
    """
    until() for what is promised within a time: RECOVERY from now on. What the machine stands still, when nobody can keep
    a promise, does not count: of the time between two questions, half a second at most does.
    """
    spent, before = 0.0, time.monotonic()
    while not (found := condition()):
        if spent >= RECOVERY:
            raise TimedOut(f"{what}: not within {RECOVERY:.0f} s")
        _never.wait(0.02)
        now = time.monotonic()
        spent += min(now - before, 0.5)
        before = now
    return found


def frozen_since(started):
    """Waits until SHELFD_TEST_FREEZE seconds have passed since then (time.monotonic())."""
    until("it was frozen for long enough", lambda: time.monotonic() - started >= FREEZE, FREEZE + PATIENCE)
