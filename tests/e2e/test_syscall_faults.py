"""
System calls that fail for a while: seen in the status, nothing deleted that is there, recovered by itself, exact
afterwards. The fault is strace's; a recovery gets no request that could bring it about.
"""
import os
import re

import pytest

from support.daemon import SHELFD, run, sanitized
from support.faults import Fault, from_start, met, short_reads
from support.live import Live, summary
from support.waiting import recovered, until

NAMES = [f"g{i % 3}/s{i}" for i in range(12)]
QUEUE = "anon_inode:inotify"
DEGRADED = re.compile(r"cannot be read|cannot be watched|is lost|is polled|change while they are read")


def fill(checkout):
    for name in NAMES:
        checkout.skill(name)
    return checkout.commit()


@pytest.fixture
def live(scene):
    fill(scene.checkout)
    return Live(scene, watch={"poll": "500ms"})


def change(checkout):
    """Some of everything."""
    checkout.skill("g0/s0", "Edited meanwhile.")
    checkout.skill("g1/new/deep")
    checkout.remove("skills/g1/s1")
    checkout.rename("skills/g2/s2", "skills/g2/moved")
    checkout.git("add", "-A")
    checkout.git("commit", "-q", "-m", "meanwhile")


CHANGED = ["created skill/g1/new/deep", "created skill/g2/moved", "deleted skill/g1/s1", "deleted skill/g2/s2"]
UNTOUCHED = {f"skill/{name}" for name in NAMES} - {"skill/g1/s1", "skill/g2/s2"}


def exact(scene):
    """Asks Redis and the disk, never shelfd."""
    try:
        return scene.check()
    except AssertionError:
        return None


def wait_exact(scene):
    try:
        until("redis is exact", lambda: exact(scene))
    except AssertionError:
        scene.check()  # says what is wrong
        raise


def status(live):
    return live.scene.shelfctl("-c", live.daemon.config, "status", check=0).stdout


def is_well(live):
    told = status(live)
    return "inotify: " in told and not DEGRADED.search(told)


def wait_well(live):
    until("the status is well", lambda: is_well(live))


def assert_recovers(live, well=is_well):
    """The fault has just ended: in time everything is as if it had never been, by itself."""
    try:
        recovered("it is exact and well again", lambda: exact(live.scene) and well(live))
    except AssertionError:
        live.scene.check()  # says what is wrong
        raise


def assert_nothing_lost(live, since):
    """Whatever was published meanwhile: only what was deleted is gone."""
    assert UNTOUCHED <= set(live.scene.published().items)
    gone = {line for line in summary(live.scene.changes(since)) if line.startswith("deleted")}
    assert gone <= set(CHANGED), gone


def assert_alert(live):
    """Events are heard, of every folder that there is."""
    live.told()
    live.checkout.skill("g0/s0", "Edited afterwards.")
    live.checkout.skill("g1/new/deep", "Edited afterwards.")
    live.checkout.skill("g2/moved", "Edited afterwards.")
    assert summary(live.told()) == ["updated skill/g0/s0", "updated skill/g1/new/deep", "updated skill/g2/moved"]
    assert len(live.daemon.output().splitlines()) < 200


FAULTS = [(calls, error, only) for calls, errors, only in (
    ("openat2", ("EIO", "EMFILE", "ENOMEM", "EACCES", "ESTALE", "EINTR"), ()),
    ("openat,openat2", ("EMFILE", "ENFILE", "ENOMEM"), ()),
    ("pread64", ("EIO", "ENOMEM", "ESTALE", "EINTR"), ()),
    ("fstat,newfstatat", ("EIO", "ENOMEM", "EACCES", "ESTALE"), ()),
    ("statx", ("EIO", "ENOMEM"), ()),
    ("getdents64", ("EIO", "ENOMEM", "EINTR"), ()),
    ("inotify_add_watch", ("ENOSPC", "ENOMEM", "EINTR"), ()),
    ("read", ("EIO", "ENOMEM"), (QUEUE,)),
) for error in errors]


@pytest.mark.parametrize("calls, error, only", FAULTS, ids=[f"{calls}-{error}" for calls, error, _ in FAULTS])
def test_calls_that_fail_for_a_while_are_seen_and_made_good(live, calls, error, only):
    rev = live.rev
    if calls == "pread64":  # of manifests: SQLite reads with it too, and repeats what is interrupted for ever
        only = [live.checkout.path("skills", name, "SKILL.md") for name in NAMES]
    with Fault(live.daemon.process.pid, f"{calls}:error={error}", only) as fault:
        change(live.checkout)
        fault.wait()
        until("the status tells", lambda: DEGRADED.search(status(live)))
        assert_nothing_lost(live, rev)
    assert_recovers(live)
    assert_nothing_lost(live, rev)
    assert_alert(live)


def test_a_file_that_ends_too_early_is_read_again_until_it_does_not(live):
    rev = live.rev
    with Fault(live.daemon.process.pid, "pread64:retval=0") as fault:
        change(live.checkout)
        fault.wait()
        until("the status tells", lambda: DEGRADED.search(status(live)))
        assert_nothing_lost(live, rev)
    assert_recovers(live)
    assert_alert(live)


@pytest.mark.parametrize("calls, only", [
    ("openat2", ()), ("pread64", ()), ("getdents64", ()), ("inotify_add_watch", ()), ("read", (QUEUE,))])
def test_calls_that_are_interrupted_now_and_then_are_made_again_and_nobody_notices(live, calls, only):
    with Fault(live.daemon.process.pid, f"{calls}:error=EINTR:when=1+2", only) as fault:
        live.checkout.skill("g0/s0", "Edited meanwhile.")
        live.checkout.skill("g1/new/deep")
        live.checkout.rename("skills/g2/s2", "skills/g2/moved")
        assert summary(live.told()) == ["created skill/g1/new/deep", "created skill/g2/moved", "deleted skill/g2/s2",
                                        "updated skill/g0/s0"]
        live.daemon.sync()
        assert live.told() == []
        assert not DEGRADED.search(status(live))
        assert fault.count() > 0


def test_short_reads_are_put_together(scene):
    if sanitized():
        pytest.skip("a sanitizer wants to be the first library")
    env, seen = short_reads(scene.folder)
    fill(scene.checkout)
    scene.checkout.write("skills/g0/s0/notes.txt", "note " * 1000)
    live = Live(scene, env=env)
    live.told()
    change(live.checkout)
    live.told()
    live.daemon.sync()
    assert live.told() == []
    assert not DEGRADED.search(status(live))
    assert sorted(os.listdir(seen)) == ["getdents", "pread"]


# From the start on

def started(scene, inject, only=()):
    """A shelfd over an older catalog, whose calls fail from its start on."""
    fill(scene.checkout)
    scene.once()
    change(scene.checkout)
    daemon = scene.daemon(env={"ASAN_OPTIONS": "detect_leaks=0"}, watch={"poll": "300ms"})
    daemon.prefix = from_start(daemon.folder, inject, only)
    return Live.starting(scene, daemon)


# Each thread counts its calls for itself.
@pytest.mark.parametrize("inject", [
    "openat2:error=EIO:when=1..4",
    "openat2:error=EMFILE:when=3..30+2",
    "getdents64:error=EIO:when=1..3",
    "getdents64:error=EIO:when=4..12+3",
    "pread64:error=EIO:when=1..8",
    "pread64:error=EIO:when=2..20+3",
    "inotify_add_watch:error=ENOSPC:when=1..40",
    "inotify_add_watch:error=ENOSPC:when=3..40+3",
    "inotify_add_watch:error=EINTR:when=1..40",
    "inotify_init1:error=EMFILE:when=1..3",
], ids=lambda inject: inject.replace(":error=", "-").replace(":when=", "-"))
def test_a_start_with_calls_that_fail_deletes_nothing_and_is_made_good(scene, inject):
    # The dynamic linker reads with pread64 too.
    only = [scene.checkout.path("skills", name, "SKILL.md") for name in NAMES] if "pread64" in inject else []
    live = started(scene, inject, only)
    live.daemon.wait_ready()
    assert_nothing_lost(live, live.rev)
    wait_exact(scene)
    assert_nothing_lost(live, live.rev)
    wait_well(live)
    assert met(live.daemon.folder)
    # What git does is heard as well.
    live.checkout.git("commit", "-q", "--allow-empty", "-m", "afterwards")
    until("the commit is published", lambda: live.scene.published().head["commit"] == live.checkout.head())
    wait_exact(scene)
    if "pread64" not in inject:  # a thread may have some failures left
        assert_alert(live)


@pytest.mark.parametrize("call", ["openat2", "getdents64"])
def test_a_single_sync_with_calls_that_fail_deletes_nothing(scene, call):
    fill(scene.checkout)
    scene.once()
    before = scene.published().items
    words = from_start(scene.folder, f"{call}:error=EIO:when=2+1")
    run(*words, SHELFD, "-C", scene.checkout.root, "--redis", scene.server.url, "--once", folder=scene.folder,
        ASAN_OPTIONS="detect_leaks=0")
    assert met(scene.folder)
    assert scene.published().items.keys() == before.keys()
    scene.once()
    scene.check()


# Git's files

def git_error(live):
    return live.daemon.status()["source"].get("git_error")


def git_is_well(live):
    return git_error(live) is None


def test_a_head_that_cannot_be_read_is_told_and_read_again(live):
    path = live.checkout.path(".git", "HEAD")
    with Fault(live.daemon.process.pid, "open,openat,openat2:error=EIO", [path]) as fault:
        change(live.checkout)
        fault.wait()
        until("the status tells", lambda: "HEAD" in (git_error(live) or ""))
        assert "cannot be read" in status(live)
    assert_recovers(live, git_is_well)


def test_an_index_that_cannot_be_read_makes_no_tracked_item_ignored(live):
    live.checkout.write(".gitignore", "skills/kept/\n")
    live.checkout.skill("kept")
    live.checkout.git("add", ".gitignore")
    live.checkout.git("add", "-f", "skills/kept")
    live.told()
    assert "skill/kept" in live.scene.published().items
    rev = live.rev
    path = live.checkout.path(".git", "index")
    with Fault(live.daemon.process.pid, "open,openat,openat2:error=EIO", [path]) as fault:
        live.checkout.skill("g0/s0", "Edited meanwhile.")
        live.checkout.git("add", "skills/g0")
        fault.wait()
        until("the status tells", lambda: "index" in (git_error(live) or ""))
        live.daemon.sync()
        assert "deleted skill/kept" not in summary(live.scene.changes(rev))
    assert_recovers(live, git_is_well)


@pytest.mark.parametrize("call", ["open,openat,openat2", "fstat,newfstatat,lstat"])
def test_an_ignore_file_that_cannot_be_read_keeps_its_rules_until_it_can(live, call):
    live.checkout.write("skills/.gitignore", "private/\n")
    live.checkout.skill("private")
    live.checkout.skill("draft")
    live.told()
    rev = live.rev
    path = live.checkout.path("skills", ".gitignore")
    with Fault(live.daemon.process.pid, f"{call}:error=EIO", [path]) as fault:
        live.checkout.write("skills/.gitignore", "private/\ndraft/\n")
        live.checkout.skill("private", "Edited.")
        fault.wait()
        until("the status tells", lambda: ".gitignore" in (git_error(live) or ""))
        live.daemon.sync()
        assert "skill/private" not in live.scene.published().items
        assert summary(live.scene.changes(rev)) == []
    assert_recovers(live, git_is_well)
    assert "skill/draft" not in live.scene.published().items
