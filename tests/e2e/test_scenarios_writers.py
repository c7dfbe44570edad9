"""Scenarios S19 to S33: how writers write. Each save is told once, and nothing half-written is ever published."""
import mmap
import os
import shutil
import signal
import subprocess
import threading

import pytest

from support.checkout import skill
from support.live import Live, summary
from support.waiting import Deadline, until

PATH = "skills/one/SKILL.md"


@pytest.fixture
def live(scene):
    scene.checkout.skill("one")
    scene.checkout.skill("two")
    scene.checkout.commit()
    return Live(scene)


def pause(seconds):
    """A writer that pauses: the pause is what is tested."""
    threading.Event().wait(seconds)


@pytest.mark.parametrize("backupcopy", ["yes", "no", "auto", "auto,breakhardlink"])
def test_s19_a_save_by_vim_is_one_update_and_no_swap_file_an_item(live, backupcopy):
    vim = shutil.which("vim")
    if vim is None:
        pytest.skip("vim is not installed")
    subprocess.run([vim, "-u", "NONE", "-N", "-es", "-c", f"set backupcopy={backupcopy} backup swapfile", "-c",
                    "%s/What it does/Edited by vim/", "-c", "wq", live.checkout.path(PATH)], check=True,
                   stdin=subprocess.DEVNULL, capture_output=True)
    assert summary(live.told()) == ["updated skill/one"]


def test_s19_and_s20_the_steps_of_an_editor_that_renames_to_a_backup_are_one_update(live):
    files = live.checkout
    for i in range(20):
        text = skill("one", f"Saved {i}.")
        files.write("skills/one/4913", "")
        files.remove("skills/one/4913")
        files.rename(PATH, PATH + "~")
        files.write(PATH, text)
        files.remove(PATH + "~")
        assert summary(live.told()) == ["updated skill/one"]


def test_s21_sed_and_rsync_give_one_update(live):
    subprocess.run(["sed", "-i", "s/What it does/Edited by sed/", live.checkout.path(PATH)], check=True)
    assert summary(live.told()) == ["updated skill/one"]
    if shutil.which("rsync"):
        live.checkout.write("new.md", skill("one", "By rsync, and longer."))
        subprocess.run(["rsync", live.checkout.path("new.md"), live.checkout.path(PATH)], check=True)
        assert summary(live.told()) == ["updated skill/one"]


def test_s22_a_file_that_is_truncated_and_written_after_a_pause_is_never_published_broken(live):
    with open(live.checkout.path(PATH), "w", encoding="utf-8") as file:
        file.truncate(0)
        file.flush()
        pause(0.05)
        file.write(skill("one", "After the pause."))
    assert summary(live.told()) == ["updated skill/one"]
    with open(live.checkout.path(PATH), "w", encoding="utf-8"):
        pass
    pause(0.05)
    live.checkout.write(PATH, skill("one", "After a close and a pause."))
    assert summary(live.told()) == ["updated skill/one"]
    assert not [e for e in live.control if e["type"] == "dev.shelfd.problems.changed"]


def test_s23_unlink_and_create_is_an_update(live):
    for i in range(20):
        live.checkout.remove(PATH)
        live.checkout.write(PATH, skill("one", f"Made anew {i}."))
        assert summary(live.told()) == ["updated skill/one"]


def test_s24_a_descriptor_held_open_never_gives_a_torn_digest(live):
    digests = set()
    text = skill("one", "Written in pieces.")
    with open(live.checkout.path(PATH), "w", encoding="utf-8") as file:
        for i in range(0, len(text), len(text) // 3):
            file.write(text[i:i + len(text) // 3])
            file.flush()
            pause(0.3)
            digests.add(live.scene.published().items["skill/one"]["state"])
    events = live.told()
    assert events[-1]["data"]["sha256"] == live.scene.expected().items["skill/one"]["sha256"]


def test_s25_a_writer_that_never_rests_is_published_at_the_cap(live):
    stop = threading.Event()

    def write():
        i = 0
        with open(live.checkout.path("skills/one/log.txt"), "w", encoding="utf-8") as file:
            while not stop.wait(0.002):
                file.write(f"{i}\n")
                file.flush()
                i += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        rev = live.rev
        until("the bundle is published while it is written", lambda: live.scene.rev() >= rev + 2, 10)
    finally:
        stop.set()
        writer.join()
    events = live.told()
    assert {e["subject"] for e in events} == {"skill/one"} and len(events) < 30


def test_s26_a_write_through_a_mapping_is_seen_when_it_is_closed(live):
    size = os.path.getsize(live.checkout.path(PATH))
    with open(live.checkout.path(PATH), "r+b") as file:
        with mmap.mmap(file.fileno(), size) as memory:
            memory[-2:-1] = b"!"
    assert summary(live.told()) == ["updated skill/one"]


def test_s27_a_file_that_is_linked_in_is_created(live):
    os.makedirs(live.checkout.path("skills/linked"))
    live.told()
    live.checkout.write("elsewhere.md", skill("linked"))
    os.link(live.checkout.path("elsewhere.md"), live.checkout.path("skills/linked/SKILL.md"))
    assert summary(live.told()) == ["created skill/linked"]


def test_s28_a_truncation_by_path_is_seen(live):
    live.checkout.write(PATH, skill("one", body="x" * 1000))
    live.told()
    os.truncate(live.checkout.path(PATH), 500)
    assert summary(live.told()) == ["updated skill/one"]


def test_s29_other_bytes_of_the_same_size_and_time_are_seen(live):
    path = live.checkout.path(PATH)
    before = os.stat(path)
    live.checkout.write("new.md", live.checkout.read(PATH).replace("Body", "Ydob"))
    os.utime(live.checkout.path("new.md"), ns=(before.st_atime_ns, before.st_mtime_ns))
    subprocess.run(["cp", "-p", live.checkout.path("new.md"), path], check=True)
    assert os.stat(path).st_mtime_ns == before.st_mtime_ns and os.stat(path).st_size == before.st_size
    assert summary(live.told()) == ["updated skill/one"]


def test_s30_an_edit_through_a_hard_link_outside_is_found_by_a_scan(live):
    os.link(live.checkout.path("skills/two/SKILL.md"), live.checkout.path("other"))
    live.told()
    with open(live.checkout.path("other"), "a", encoding="utf-8") as file:
        file.write("Edited through the other name.\n")
    live.daemon.sync()
    assert summary(live.look()) == ["updated skill/two"]


def test_s32_names_of_every_kind_have_lossless_keys_and_crash_nothing(live):
    top = os.fsencode(live.checkout.path("skills"))
    for name in (b"caf\xe9", b"new\nline", b"n" * 255, b"100%", "\u202egnp".encode(), "ü".encode(), b"\xff\xfe"):
        os.makedirs(os.path.join(top, name))
        with open(os.path.join(top, name, b"SKILL.md"), "wb") as file:
            file.write(b"---\nname: n\ndescription: d\n---\n")
    assert len(live.told()) == 7


def test_s32_a_path_of_more_than_4096_bytes_crashes_nothing(live):
    fd = os.open(live.checkout.path("skills"), os.O_RDONLY)
    for _ in range(25):
        os.mkdir("d" * 200, dir_fd=fd)
        inner = os.open("d" * 200, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = inner
    manifest = os.open("SKILL.md", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=fd)
    os.write(manifest, skill("deep").encode())
    os.close(manifest)
    os.close(fd)
    live.checkout.skill("one", "Edited.")
    live.daemon.barrier()
    live.daemon.assert_alive()
    assert live.scene.published().items["skill/one"]["description"] == "Edited."


def queue_length():
    with open("/proc/sys/fs/inotify/max_queued_events", encoding="ascii") as file:
        return int(file.read())


def test_s33_more_events_than_the_queue_holds_end_in_the_exact_state(live):
    for i in range(50):
        live.checkout.skill(f"many/s{i}")
    live.told()
    live.daemon.send(signal.SIGSTOP)
    path = live.checkout.path("skills/two/SKILL.md")
    for _ in range(queue_length() // 2 + 200):
        os.utime(path)
        os.utime(live.checkout.path(PATH))
    live.checkout.skill("many/s7", "Lost in the overflow.")
    live.checkout.remove("skills/many/s8")
    live.checkout.skill("many/new/deep")
    live.daemon.send(signal.SIGCONT)
    assert summary(live.told()) == ["created skill/many/new/deep", "deleted skill/many/s8", "updated skill/many/s7"]
    live.checkout.skill("many/new/deep", "Watched.")
    assert summary(live.told()) == ["updated skill/many/new/deep"]


def test_s33_what_git_did_and_what_it_ignores_now_is_known_after_an_overflow(live):
    live.checkout.skill("untracked")
    live.told()
    live.daemon.send(signal.SIGSTOP)
    for _ in range(queue_length() // 2 + 200):
        os.utime(live.checkout.path(PATH))
        os.utime(live.checkout.path("skills/two/SKILL.md"))
    live.checkout.write("skills/untracked/.gitignore", "*\n")
    live.checkout.git("commit", "-q", "--allow-empty", "-m", "lost in the overflow")
    live.daemon.send(signal.SIGCONT)
    assert summary(live.told()) == ["deleted skill/untracked"]
    assert live.scene.published().head["commit"] == live.checkout.head()


def test_an_edit_right_after_an_edit_is_told_too(live):
    for i in range(50):
        live.checkout.skill("one", f"First {i}.")
        live.checkout.skill("one", f"Second {i}.")
    events = live.told()
    assert 1 <= len(events) <= 100
    assert live.scene.published().items["skill/one"]["description"] == "Second 49."


def test_a_manifest_that_stays_empty_is_taken_as_it_is_after_the_cap(live):
    live.checkout.write(PATH, "")
    live.scene.wait_item("skill/one", "is empty", lambda fields: fields["size"] == "0", 10)
    assert summary(live.told()) == ["updated skill/one"]


def test_a_manifest_that_stays_broken_is_told_as_broken_after_the_cap(live):
    good = live.scene.published().items["skill/one"]
    live.checkout.write(PATH, "---\nname: [\n")
    until("it is told", lambda: PATH in live.scene.published().problems, 10)
    assert summary(live.told(stale={"skill/one": good})) == ["updated skill/one"]


def test_many_writers_at_once_end_in_the_exact_state(live):
    deadline = Deadline(3)

    def write(number):
        i = 0
        while not deadline.passed():
            live.checkout.skill(f"w{number}/s{i % 10}", f"Edit {i}.")
            i += 1

    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    live.told()
