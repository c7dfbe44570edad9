"""Scenarios S30 and S34 to S39: lost events, limits, mounts, and what no event tells of."""
import os
import shutil
import signal
import subprocess
import sys

import pytest

from support.checkout import skill
from support.live import Live, batches, summary
from support.namespace import Mounts, allow_watches, few_watches
from support.waiting import until

QUICK = {"poll": "200ms", "audit": "500ms"}


def fill(checkout, number):
    for i in range(number):
        checkout.skill(f"s{i}")
    checkout.commit()


@pytest.fixture
def live(scene):
    fill(scene.checkout, 5)
    return Live(scene)


@pytest.fixture
def mounts(request):
    if os.geteuid() != 0:
        pytest.skip("mounts are root's; `unshare -Urm` makes one")
    made = Mounts()
    request.addfinalizer(made.close)
    return made


def watch_status(live):
    return live.daemon.status()["watch"]


def audits(live):
    return watch_status(live)["rescans"].get("audit", 0)


def audited(live):
    """A whole audit that began after now is through, its grace included."""
    before = audits(live)
    until("another two audits began", lambda: audits(live) >= before + 2)


def test_s30_an_edit_through_a_hard_link_outside_is_found_by_the_audit_and_counted(scene):
    fill(scene.checkout, 5)
    outside = os.path.join(scene.folder, "other-name")
    os.link(scene.checkout.path("skills/s2/SKILL.md"), outside)
    live = Live(scene, watch=QUICK)
    with open(outside, "a", encoding="utf-8") as file:
        file.write("Edited through the other name.\n")
    live.scene.wait_item("skill/s2", "is told", lambda item: int(item["rev"]) > live.rev)
    assert summary(live.look()) == ["updated skill/s2"]
    until("the drift is counted", lambda: watch_status(live)["drift"] == 1)
    live.daemon.wait_output("skills/s2/SKILL.md: the audit found a change")
    audited(live)
    assert live.told() == [] and watch_status(live)["drift"] == 1


def test_an_audit_of_what_has_its_events_finds_nothing(scene):
    fill(scene.checkout, 20)
    live = Live(scene, watch={"audit": "50ms"})
    outside = os.path.join(scene.folder, "other-name")
    os.link(scene.checkout.path("skills/s2/SKILL.md"), outside)  # only its link count
    for i in range(200):
        live.checkout.skill(f"s{i % 20}", f"Edit {i}.")
        live.checkout.skill(f"new{i % 7}/deep", f"Edit {i}.")
        if i % 10 == 9:
            live.checkout.remove(f"skills/new{i % 7}")
            live.checkout.rename(f"skills/s{i % 20}", "skills/moved")
            live.checkout.rename("skills/moved", f"skills/s{i % 20}")
    live.told()
    audited(live)
    assert watch_status(live)["drift"] == 0


def queue_length():
    with open("/proc/sys/fs/inotify/max_queued_events", encoding="ascii") as file:
        return int(file.read())


def test_s34_an_overflow_during_the_look_that_an_overflow_led_to_converges(scene):
    """Eight times a full queue, while shelfd is awake: overflows come while it looks at everything."""
    for i in range(500):
        scene.checkout.skill(f"g{i % 10}/s{i}")
    scene.checkout.commit()
    live = Live(scene)
    storm = ("import os, sys\n"
             "for i in range(int(sys.argv[2])):\n"
             "    os.utime(sys.argv[1] + ('/g0' if i % 2 else '/g1'))\n")
    live.daemon.send(signal.SIGSTOP)
    words = [sys.executable, "-c", storm, live.checkout.path("skills"), str(queue_length() + 100)]
    subprocess.run(words, check=True)
    live.daemon.send(signal.SIGCONT)
    until("an overflow was read", lambda: watch_status(live)["overflows"] >= 1)
    for i in range(4):
        live.daemon.send(signal.SIGSTOP)
        subprocess.run(words, check=True)
        live.checkout.skill(f"g1/s{i * 10 + 1}", f"Lost {i}.")
        live.checkout.remove(f"skills/g2/s{i * 10 + 2}")
        live.daemon.send(signal.SIGCONT)
    assert summary(live.told()) == sorted([f"updated skill/g1/s{i * 10 + 1}" for i in range(4)] +
                                          [f"deleted skill/g2/s{i * 10 + 2}" for i in range(4)])
    status = watch_status(live)
    assert 2 <= status["overflows"] and status["rescans"]["overflow"] <= status["overflows"]
    live.checkout.skill("g3/s3", "Watched.")
    assert summary(live.told()) == ["updated skill/g3/s3"]


def test_s35_files_that_others_open_have_no_event_for_us(live):
    live.told()
    before = watch_status(live)["events"]
    path = live.checkout.path("skills/s0/SKILL.md")
    for _ in range(200_000):
        os.close(os.open(path, os.O_RDONLY))
    assert watch_status(live)["events"] == before
    assert live.told() == []


def test_s36_at_the_watch_limit_the_rest_is_polled_and_watched_when_the_limit_is_raised(scene):
    fill(scene.checkout, 40)
    live = Live(scene, prefix=few_watches(20), watch=QUICK)
    live.told()
    status = watch_status(live)
    assert status["mode"] == "partial" and status["unwatched"] > 20 and status["watch_limit"] == 20
    assert live.daemon.wait_output(r"the sysctl user.max_inotify_watches is 20 and used up")
    for i in (0, 20, 39):
        live.checkout.skill(f"s{i}", "Edited.")
        live.scene.wait_item(f"skill/s{i}", "is told", lambda item: item["description"] == "Edited.")
    live.checkout.skill("new/deep")
    live.scene.wait_item("skill/new/deep")
    live.checkout.remove("skills/s38")
    until("it is gone", lambda: "skill/s38" not in live.scene.published().items)
    assert summary(live.look()) == sorted(["created skill/new/deep", "deleted skill/s38"] +
                                          [f"updated skill/s{i}" for i in (0, 20, 39)])
    allow_watches(live.daemon.process.pid, 10000)
    until("all is watched", lambda: watch_status(live)["mode"] == "inotify")
    status = watch_status(live)
    assert status["unwatched"] == 0 and status["drift"] == 0
    for i in range(40):
        if i != 38:
            live.checkout.skill(f"s{i}", "By its event.")
    assert len(live.told()) == 39


def test_s36_a_limit_that_leaves_nothing_at_all_makes_it_poll_everything(scene):
    fill(scene.checkout, 5)
    live = Live(scene, prefix=few_watches(0), watch=QUICK)
    status = watch_status(live)
    assert status["mode"] in ("polling", "partial") and status["watches"] == 0
    live.checkout.skill("s0", "Edited.")
    live.scene.wait_item("skill/s0", "is told", lambda item: item["description"] == "Edited.")
    assert summary(live.told()) == ["updated skill/s0"]
    allow_watches(live.daemon.process.pid, 10000)
    until("all is watched", lambda: watch_status(live)["mode"] == "inotify")
    live.checkout.skill("s1", "By its event.")
    assert summary(live.told()) == ["updated skill/s1"]


def test_s30_an_ignore_file_that_is_edited_through_a_hard_link_counts_from_the_next_look_at_everything(scene):
    fill(scene.checkout, 2)
    scene.checkout.write("skills/.gitignore", "one/\n")
    outside = os.path.join(scene.folder, "other-name")
    os.link(scene.checkout.path("skills/.gitignore"), outside)
    live = Live(scene)
    live.checkout.skill("one")
    live.checkout.skill("two")
    assert summary(live.told()) == ["created skill/two"]
    with open(outside, "w", encoding="utf-8") as file:
        file.write("two/\n")
    live.daemon.sync()
    assert summary(live.told()) == ["created skill/one", "deleted skill/two"]


def test_polling_as_configured_finds_what_happens_and_tells_it_once(scene):
    fill(scene.checkout, 30)
    live = Live(scene, watch={"mode": "polling", "poll": "100ms"})
    assert watch_status(live)["mode"] == "polling"
    live.checkout.skill("s0", "Edited.")
    live.checkout.remove("skills/s1")
    live.checkout.rename("skills/s2", "skills/renamed")
    live.checkout.skill("p/q/r")
    assert summary(live.told()) == ["created skill/p/q/r", "created skill/renamed", "deleted skill/s1",
                                    "deleted skill/s2", "updated skill/s0"]
    live.checkout.skill("s5", "Without anybody asking.")
    live.scene.wait_item("skill/s5", "is told", lambda item: item["description"] == "Without anybody asking.")
    assert summary(live.told()) == ["updated skill/s5"]
    until("it polls", lambda: watch_status(live)["rescans"].get("poll", 0) >= 3)
    assert live.told() == []


def test_a_barrier_where_it_polls_waits_for_what_looks_half_written_and_ends(scene):
    fill(scene.checkout, 5)
    live = Live(scene, watch={"mode": "polling", "poll": "100ms"})
    good = live.scene.published().items["skill/s0"]
    for i, text in enumerate(("", "---\nname: [\n")):
        live.checkout.write(f"skills/new{i}/SKILL.md", text)
        live.checkout.write("skills/s0/SKILL.md", "---\nname: [\n")
        live.told(stale={"skill/s0": good})
    live.checkout.skill("s0", "Mended.")
    live.checkout.skill("new1")
    live.told()


def test_s37_a_mount_that_goes_deletes_nothing_and_is_read_again_when_it_is_back(scene, mounts):
    scene.checkout.skill("here")
    store = os.path.join(scene.folder, "store")
    os.makedirs(store)
    for i in range(3):
        os.makedirs(f"{store}/m{i}")
        with open(f"{store}/m{i}/SKILL.md", "w", encoding="utf-8") as file:
            file.write(skill(f"m{i}"))
    where = scene.checkout.path("skills/mounted")
    os.makedirs(where)
    mounts.run("-t", "tmpfs", "none", where)
    shutil.copytree(store, where, dirs_exist_ok=True)
    live = Live(scene, watch=QUICK)
    assert len(live.scene.published().items) == 4
    mounts.unmount(where)
    until("it is known", lambda: watch_status(live)["unreadable"] > 0)
    live.daemon.sync()
    audited(live)
    have = live.scene.published()
    assert sorted(have.items) == ["skill/here"] + [f"skill/mounted/m{i}" for i in range(3)]
    assert {have.items[f"skill/mounted/m{i}"]["state"] for i in range(3)} == {"stale"}
    mounts.run("-t", "tmpfs", "none", where)
    shutil.copytree(store, where, dirs_exist_ok=True)
    with open(f"{where}/m1/SKILL.md", "w", encoding="utf-8") as file:
        file.write(skill("m1", "Another one."))
    until("all is well", lambda: watch_status(live)["unreadable"] == 0, 5)
    live.told()
    events = live.scene.changes()
    assert not [e for e in events if e["data"]["op"] == "deleted"]
    with open(f"{where}/m2/SKILL.md", "w", encoding="utf-8") as file:
        file.write(skill("m2", "Edited in the new mount."))
    assert summary(live.told()) == ["updated skill/mounted/m2"]


def test_s37_a_root_whose_mount_goes_is_lost_and_taken_up_when_it_is_mounted_again(scene, mounts):
    fill(scene.checkout, 30)
    where = os.path.join(scene.folder, "where")
    os.makedirs(where)
    mounts.bind(scene.checkout.root, where)
    inside, scene.checkout.root = scene.checkout.root, where
    live = Live(scene)
    mounts.unmount(where, "--lazy")
    until("the source is lost", lambda: watch_status(live)["mode"] == "lost")
    status, _ = live.daemon.request("POST", "/api/v1/sync", {"wait": False})
    assert status == 503
    live.daemon.barrier()
    assert len(live.scene.published().items) == 30 and live.scene.rev() == live.rev
    with open(f"{inside}/skills/s3/SKILL.md", "w", encoding="utf-8") as file:
        file.write(skill("s3", "Edited while it was not mounted."))
    mounts.bind(inside, where)
    until("the source is back", lambda: watch_status(live)["mode"] == "inotify", 5)
    assert summary(live.told()) == ["updated skill/s3"]


def test_s37_a_mount_over_a_watched_folder_is_found_by_the_audit(scene, mounts):
    fill(scene.checkout, 5)
    other = os.path.join(scene.folder, "other")
    os.makedirs(other)
    with open(f"{other}/SKILL.md", "w", encoding="utf-8") as file:
        file.write(skill("s1", "The one that is mounted over it."))
    live = Live(scene, watch=QUICK)
    mounts.bind(other, live.checkout.path("skills/s1"))
    live.scene.wait_item("skill/s1", "is the other one", lambda item: item["description"].startswith("The one that"))
    assert summary(live.told()) == ["updated skill/s1"]
    live.checkout.skill("s1", "Edited in what is mounted.")
    assert summary(live.told()) == ["updated skill/s1"]


def test_s38_writes_through_the_merged_view_of_an_overlay_are_told(scene, mounts):
    lower = scene.checkout.root
    fill(scene.checkout, 10)
    folders = [os.path.join(scene.folder, name) for name in ("space", "merged")]
    for folder in folders:
        os.makedirs(folder)
    space, merged = folders
    mounts.run("-t", "tmpfs", "none", space)
    os.makedirs(f"{space}/upper")
    os.makedirs(f"{space}/work")
    mounts.try_run("-t", "overlay", "overlay", "-o", f"lowerdir={lower},upperdir={space}/upper,workdir={space}/work",
                   merged)
    scene.checkout.root = merged
    live = Live(scene)
    live.checkout.skill("s0", "Copied up.")
    assert summary(live.told()) == ["updated skill/s0"]
    live.checkout.skill("s0", "Written again.")
    assert summary(live.told()) == ["updated skill/s0"]
    live.checkout.skill("new/deep")
    live.checkout.remove("skills/s1")
    live.checkout.replace("skills/s2/SKILL.md", skill("s2", "Renamed over."))
    assert summary(live.told()) == ["created skill/new/deep", "deleted skill/s1", "updated skill/s2"]
    live.checkout.skill("s3", "Before a commit.")
    commit = live.checkout.commit("in the overlay")
    live.told()
    assert live.scene.published().head["commit"] == commit


def test_s39_an_edit_through_another_mount_of_the_same_folder_is_told(scene, mounts):
    fill(scene.checkout, 5)
    other = os.path.join(scene.folder, "other")
    os.makedirs(other)
    mounts.bind(scene.checkout.path("skills"), other)
    live = Live(scene)
    with open(f"{other}/s1/SKILL.md", "w", encoding="utf-8") as file:
        file.write(skill("s1", "Edited through the other mount."))
    os.makedirs(f"{other}/new")
    with open(f"{other}/new/SKILL.md", "w", encoding="utf-8") as file:
        file.write(skill("new"))
    assert summary(live.told()) == ["created skill/new", "updated skill/s1"]


def test_s39_a_folder_that_is_mounted_at_a_second_place_in_the_tree_is_right_at_both(scene, mounts):
    fill(scene.checkout, 5)
    os.makedirs(scene.checkout.path("skills/twin"))
    mounts.bind(scene.checkout.path("skills/s1"), scene.checkout.path("skills/twin"))
    live = Live(scene, watch=QUICK)
    live.checkout.skill("s1", "Edited.")
    live.scene.wait_item("skill/twin", "is told", lambda item: item["description"] == "Edited.")
    live.scene.wait_item("skill/s1", "is told", lambda item: item["description"] == "Edited.")
    assert summary(live.told()) == ["updated skill/s1", "updated skill/twin"]


def test_a_sudden_loss_that_nothing_explains_is_looked_at_twice_before_it_is_published(scene, mounts):
    fill(scene.checkout, 60)
    empty = os.path.join(scene.folder, "empty")
    os.makedirs(empty)
    live = Live(scene, watch=QUICK)
    mounts.bind(empty, live.checkout.path("skills"))
    live.daemon.wait_output("60 of 60 items of type skill are gone all at once")
    mounts.unmount(live.checkout.path("skills"))
    assert live.told() == []
    assert watch_status(live)["guarded"] >= 1
    mounts.bind(empty, live.checkout.path("skills"))
    live.daemon.wait_output("as a second look confirms")
    until("it is published", lambda: not live.scene.published().items)
    events = live.told()
    assert len(events) == 60 and len(batches(events)) == 1


def test_a_loss_with_its_events_or_by_git_is_published_at_once(live):
    files = live.checkout
    for i in range(100):
        files.skill(f"many/m{i}")
    assert len(live.told()) == 100
    files.commit()
    live.told()
    files.remove("skills/many")
    assert len(live.told()) == 100
    files.git("reset", "-q", "--hard")
    assert len(live.told()) == 100
    files.git("checkout", "-q", "HEAD~1")
    events = live.told()
    assert len(events) == 100 and len(batches(events)) == 1
    assert watch_status(live)["guarded"] == 0


def test_a_loss_while_it_did_not_run_is_looked_at_twice(scene):
    fill(scene.checkout, 60)
    daemon = scene.daemon().start()
    daemon.stop()
    shutil.rmtree(scene.checkout.path("skills"))
    daemon.start()
    scene.settle(daemon)
    assert daemon.status()["watch"]["guarded"] == 1 and not scene.published().items
