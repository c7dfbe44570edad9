"""System calls that fail for a while, by strace -e inject: visible, nothing deleted, recovered by itself, exact afterwards."""
import os
import shutil
import signal
import subprocess

import pytest

from support.live import Live, summary
from support.waiting import until

RECOVERED = 5  # seconds from the end of the fault


class Fault:
    """While it lasts, the calls of a running process fail."""

    def __init__(self, daemon, what):
        strace = shutil.which("strace")
        if strace is None:
            pytest.skip("strace is not installed")
        self.log = os.path.join(daemon.folder, "strace")
        self.process = subprocess.Popen([strace, "-f", "-qq", "-p", str(daemon.process.pid), "-o", self.log, "-e",
                                         f"inject={what}"], stderr=subprocess.PIPE)
        self.daemon = daemon
        until("strace is attached", self.attached)

    def attached(self):
        if self.process.poll() is not None:
            pytest.skip(f"strace cannot attach: {self.process.stderr.read().decode()}")
        with open(f"/proc/{self.daemon.process.pid}/status", encoding="ascii") as file:
            return f"TracerPid:\t{self.process.pid}\n" in file.read()

    def happened(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return "(INJECTED)" in file.read()

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()


@pytest.fixture
def live(scene):
    for i in range(30):
        scene.checkout.skill(f"g{i % 3}/s{i}")
    scene.checkout.commit()
    return Live(scene, watch={"poll": "500ms"})


def well(live):
    status = live.daemon.status()["watch"]
    return status["unreadable"] == 0 and status["unwatched"] == 0 and status["mode"] == "inotify"


FAULTS = [f"{call}:error={error}" for call, errors in {
    "openat2": ("EIO", "EMFILE", "ENOMEM", "EINTR", "EACCES", "ESTALE"),
    "getdents64": ("EIO", "ENOMEM", "EINTR"),
    "pread64": ("EIO", "EINTR"),
    "inotify_add_watch": ("ENOSPC", "ENOMEM", "EINTR", "EACCES"),
    "fstat,newfstatat": ("EIO", "ENOMEM"),
    "statx": ("EIO",),
    "read": ("EIO", "EINTR"),
}.items() for error in errors] + ["pread64:retval=3"]


@pytest.mark.parametrize("fault", FAULTS)
def test_calls_that_fail_for_a_while_delete_nothing_and_are_made_good_by_itself(live, fault):
    trouble = Fault(live.daemon, fault)
    try:
        live.checkout.skill("g0/s0", "Edited meanwhile.")
        live.checkout.skill("g1/new/deep")
        live.checkout.rename("skills/g2", "skills/moved")
        live.daemon.request("POST", "/api/v1/sync", {"wait": False})
        until("the fault was met", trouble.happened)
        assert len(live.scene.published().items) >= 30
        live.daemon.assert_alive()
    finally:
        trouble.end()
    until("all is well", lambda: well(live), RECOVERED)
    until("it is published", lambda: live.scene.published().items.keys() == live.scene.expected().items.keys(),
          RECOVERED)
    live.told()
    live.checkout.skill("g1/s1", "Edited afterwards.")
    live.checkout.skill("moved/s2", "Edited afterwards.")
    assert summary(live.told()) == ["updated skill/g1/s1", "updated skill/moved/s2"]


@pytest.mark.parametrize("error", ["EIO", "ENOSPC", "EINTR"])
def test_a_start_with_calls_that_fail_is_made_good_too(scene, error):
    """Every third watch and every fifth folder."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    for i in range(30):
        scene.checkout.skill(f"g{i % 3}/s{i}")
    scene.checkout.commit()
    live = Live(scene, watch={"poll": "300ms"}, prefix=[
        strace, "-f", "-qq", "-o", os.path.join(scene.folder, "trace"), "-e",
        f"inject=inotify_add_watch:error={error}:when=3..40+3", "-e", "inject=getdents64:error=EIO:when=2..40+5", "--"])
    until("all is well", lambda: well(live))
    live.told()
    live.checkout.skill("g1/s1", "Edited afterwards.")
    assert summary(live.told()) == ["updated skill/g1/s1"]


def test_where_events_never_arrive_everything_is_polled_until_they_do(scene):
    """The first watches look as if they worked, and are none."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    for i in range(5):
        scene.checkout.skill(f"s{i}")
    scene.checkout.commit()
    live = Live(scene, watch={"poll": "300ms"}, prefix=[
        strace, "-f", "-qq", "-o", os.path.join(scene.folder, "trace"), "-e",
        "inject=inotify_add_watch:retval=1000000:when=1..200", "--"])
    until("it polls", lambda: live.daemon.status()["watch"]["mode"] == "polling")
    live.daemon.wait_output("no event came for a file that was made to try")
    live.checkout.skill("s0", "Edited without an event.")
    live.scene.wait_item("skill/s0", "is told", lambda item: item["description"] == "Edited without an event.")
    assert summary(live.told()) == ["updated skill/s0"]
    until("events arrive", lambda: live.daemon.status()["watch"]["mode"] == "inotify")
    live.checkout.skill("s1", "Edited with one.")
    assert summary(live.told()) == ["updated skill/s1"]
    assert live.daemon.status()["watch"]["drift"] == 0
