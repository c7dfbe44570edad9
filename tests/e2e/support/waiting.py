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


def frozen_since(started):
    """Waits until SHELFD_TEST_FREEZE seconds have passed since then (time.monotonic())."""
    until("it was frozen for long enough", lambda: time.monotonic() - started >= FREEZE, FREEZE + PATIENCE)
