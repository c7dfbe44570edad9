"""Whatever becomes of the state folder costs time only: Redis ends equal to the files."""
import json
import os
import random
import sqlite3

import pytest

from support.faults import from_start, met
from support.kept import FILES, TRACED, journal, known, restart, start, stop, tree


def spoil(path, how):
    size = os.path.getsize(path)
    with open(path, "r+b") as file:
        if how == "random bytes":
            file.write(random.Random(size).randbytes(size))
        elif how == "random bytes in the middle":
            file.seek(size // 2)
            file.write(random.Random(size).randbytes(size // 4))
        elif how == "cut in the middle":
            file.truncate(size // 2 + 7)
        elif how == "empty":
            file.truncate(0)
    if how == "a folder":
        os.unlink(path)
        os.mkdir(path)
    elif how == "gone":
        os.unlink(path)
    elif how in ("from a later version", "from somebody else"):
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 99" if how == "from a later version" else "PRAGMA application_id = 7")
        db.close()


@pytest.mark.parametrize("how", ["random bytes", "random bytes in the middle", "cut in the middle", "empty", "a folder", "gone",
                                 "from a later version", "from somebody else"])
def test_state_that_was_spoilt_costs_time_only(scene, settled, how):
    rev, before = scene.rev(), len(settled.output())
    for path in (known(settled), journal(settled)):
        spoil(path, how)
    scene.checkout.skill("g0/s0", "Edited meanwhile.")
    scene.checkout.remove("skills/g0/s4")
    start(settled)
    have = scene.check()
    assert sorted(e["subject"] for e in scene.changes(rev)) == ["skill/g0/s0", "skill/g0/s4"]
    assert have.head["rev"] == str(rev + 2)
    said = [line for line in settled.output()[before:].splitlines() if ">state: " in line]
    assert len(said) <= 2, said  # one a file at most
    scene.checkout.skill("g0/s1", "It goes on.")
    settled.barrier()
    scene.check()
    stop(settled)


@pytest.mark.parametrize("how", ["random bytes", "cut in the middle", "empty", "gone", "from a later version"])
def test_after_state_was_spoilt_the_next_start_but_one_reads_nothing(scene, settled, reads, how):
    for path in (known(settled), journal(settled)):
        spoil(path, how)
    start(settled, reads)
    assert len(reads.take()) == FILES
    assert restart(scene, settled, reads) == []


def test_without_a_place_for_state_it_works_and_says_so_once(scene):
    tree(scene)
    place = os.path.join(scene.folder, "a-file")
    with open(place, "w", encoding="utf-8"):
        pass
    daemon = scene.daemon(state_dir=os.path.join(place, "state")).start()
    scene.check()
    scene.checkout.skill("g0/s0", "Edited.")
    daemon.barrier()
    scene.check()
    assert daemon.output().count(">state: ") == 1
    local = daemon.status()["local_state"]
    assert local["folder"] == os.path.join(place, "state") and local["folder"] in local["error"]
    at = ("-c", daemon.config)
    assert json.loads(scene.shelfctl("status", "--json", *at, check=0).stdout)["daemon"]["local_state"] == local
    [line] = [line for line in scene.shelfctl("status", *at, check=0).stdout.splitlines() if line.startswith("state_dir")]
    assert local["error"] in line
    found = {row["name"]: row for row in json.loads(scene.shelfctl("doctor", "--json", *at).stdout)["checks"]}
    assert (found["state_dir"]["status"], found["state_dir"]["text"]) == ("warning", local["error"])
    stop(daemon)


def test_a_place_for_state_that_is_well_is_named_without_an_error(scene, settled):
    start(settled)
    assert settled.status()["local_state"] == {"folder": os.path.join(settled.folder, "state")}
    assert "state_dir" not in scene.shelfctl("status", "-c", settled.config, check=0).stdout
    stop(settled)


def test_state_that_another_program_holds_is_done_without(scene, settled):
    holders = [sqlite3.connect(path, isolation_level=None) for path in (known(settled), journal(settled))]
    for holder in holders:
        holder.execute("BEGIN EXCLUSIVE")
    rev = scene.rev()
    scene.checkout.skill("g0/s0", "Edited meanwhile.")
    start(settled)
    scene.check()
    assert scene.rev() == rev + 1
    for holder in holders:
        holder.close()
    assert settled.output().count(">state: ") == 1
    stop(settled)


def test_a_journal_that_cannot_be_written_for_a_while_is_in_the_status_as_long(scene, settled):
    start(settled)
    holder = sqlite3.connect(journal(settled), isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    for i in range(3):
        scene.checkout.skill("g0/s0", f"Edit {i} while it is held.")
        settled.barrier()
        scene.check()
        assert "locked" in settled.status()["local_state"]["error"]
    holder.close()
    scene.checkout.skill("g0/s0", "Edited afterwards.")
    settled.barrier()
    assert "error" not in settled.status()["local_state"]
    assert settled.output().count("<4>state: ") == settled.output().count("written down again") == 1
    stop(settled)


def test_a_full_disk_beneath_the_state_is_named_and_done_without(scene):
    tree(scene)
    daemon = scene.daemon(env=TRACED)
    state = os.path.join(daemon.folder, "state")
    names = ["main+main.known", "main+main.known-journal"]
    daemon.prefix = from_start(daemon.folder, "pwrite64:error=ENOSPC", [os.path.join(state, name) for name in names])
    daemon.start()
    scene.check()
    daemon.wait_output("state: .*full")
    assert "full" in daemon.status()["local_state"]["error"]
    assert met(daemon.folder)
    scene.checkout.skill("g0/s0", "Edited.")
    daemon.barrier()
    scene.check()
    stop(daemon)
    start(daemon)
    scene.check()
