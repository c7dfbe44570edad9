"""
What shelfd keeps in its state folder: files that have not changed are not read again, and numbers that Redis had confirmed
are not used again. Whatever becomes of the folder, Redis ends equal to the files.
"""
import json
import os
import re
import shutil
import signal
import sqlite3

import pytest

from oracle.checkout import Collection
from oracle.published import prefix
from support.checkout import skill
from support.consumers import Python, Shell, Watch, assert_equal_to_the_truth
from support.faults import from_start, met, strace
from support.daemon import SHELFD, run
from support.waiting import until

FILES, ITEMS = 87, 44  # of tree(): files that are read, and items
NEW_LIFE = re.compile(r"redis: (.*); publishing everything as new generation ([0-9a-f]{32})")


class Reads:
    """Runs shelfd under strace, and knows which files of the checkout were read since."""

    def __init__(self, scene):
        self.root = scene.checkout.root
        self.log = os.path.join(scene.folder, "reads")
        self.prefix = [strace(), "-D", "-f", "-y", "-qq", "-s", "0", "-e", "trace=openat,openat2,read,pread64", "-o", self.log]

    def take(self):
        """Of the run before: the paths whose content was read."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            text = file.read()
        assert self.root in text, text[-500:]
        return sorted({os.path.relpath(path, self.root) for path in re.findall(
            rf"\bp?read(?:64)?\(\d+<({re.escape(self.root)}/(?:skills|mcps|tools)/[^>]*)>", text)})


@pytest.fixture
def reads(scene):
    return Reads(scene)


def tree(scene):
    """Some of everything: bundles, flat ones, broken ones, a collision, a link."""
    c = scene.checkout
    for i in range(40):
        c.skill(f"g{i % 4}/s{i}", f"Skill {i}.", version=f"1.{i}")
        c.write(f"skills/g{i % 4}/s{i}/notes.txt", f"note {i}")
    c.write("skills/flat.md", skill("flat"))
    c.write("skills/bad.md", "---\nname: bad\ndescription: one: two\n---\n")
    c.write("tools/a/x.json", '{"name": "x", "description": "X."}')
    c.write("tools/a/x.yaml", "name: x\ndescription: Y.\n")
    c.write("tools/b/aside.json", '{"name": "aside", "description": "Part of b, as its entry comes later."}')
    c.write("tools/b/tool.yaml", "name: b\ndescription: B.\n")
    os.symlink("s0", c.path("skills/g0/link"))
    c.commit()
    c.write("skills/untracked.md", skill("untracked"))
    age(scene)


def age(scene):
    """What was written just now might change within one tick of the clock; what is older than that can be told by its stamp."""
    probe = os.path.join(scene.folder, "probe")
    newest = max(os.lstat(os.path.join(folder, name)).st_ctime_ns
                 for folder, _, names in os.walk(scene.checkout.root) for name in names)

    def later():
        with open(probe, "w", encoding="utf-8"):
            pass
        return os.stat(probe).st_ctime_ns > newest + 100_000_000

    until("the files are old enough", later)


def known(daemon):
    return os.path.join(daemon.folder, "state", "main+main.known")


def journal(daemon):
    return os.path.join(daemon.folder, "state", "main.published")


TRACED = {"ASAN_OPTIONS": "detect_leaks=0"}  # the leak checker does not run under strace


def start(daemon, reads=None):
    daemon.prefix, daemon.env = ([], {}) if reads is None else (reads.prefix, TRACED)
    daemon.start()
    return daemon


def stop(daemon):
    assert daemon.stop() == 0, daemon.output()


def restart(scene, daemon, reads):
    """Stops and starts it; returns what it read."""
    stop(daemon)
    start(daemon, reads)
    scene.check()
    return reads.take()


@pytest.fixture
def settled(scene, reads):
    """A shelfd that has read everything and ended, and Redis that has it."""
    tree(scene)
    daemon = start(scene.daemon(), reads)
    assert len(reads.take()) == FILES, "it reads what it has not seen"
    scene.check()
    stop(daemon)
    return daemon


def test_a_second_start_reads_no_file_and_publishes_nothing(scene, settled, reads):
    before, rev = scene.published(), scene.rev()
    start(settled, reads)
    assert reads.take() == []
    have = scene.check()
    assert scene.rev() == rev
    assert have.problems == before.problems and len(have.problems) >= 2
    # It is a life like any other.
    scene.checkout.skill("g1/s1", "Edited.")
    settled.barrier()
    scene.check()
    assert [e["subject"] for e in scene.changes(rev)] == ["skill/g1/s1"]


def test_once_reads_nothing_the_second_time(scene, reads):
    tree(scene)
    scene.once()
    argv = [*reads.prefix, SHELFD, "-C", scene.checkout.root, "--redis", scene.server.url, "--once"]
    done = run(*argv, folder=scene.folder, check=0, **TRACED)
    assert f"0 created, 0 updated, 0 deleted, {ITEMS} unchanged" in done.stdout
    assert reads.take() == []
    scene.check()


def test_a_dry_run_uses_what_is_known_and_writes_nothing(scene, settled, reads):
    stamps = {name: os.stat(os.path.join(settled.folder, "state", name)).st_mtime_ns
              for name in os.listdir(os.path.join(settled.folder, "state"))}
    done = run(*reads.prefix, SHELFD, "-c", settled.config, "--dry-run", folder=scene.folder, check=0, **TRACED)
    assert f"would create 0, update 0, delete 0, leave {ITEMS}" in done.stdout
    assert reads.take() == []
    assert stamps == {name: os.stat(os.path.join(settled.folder, "state", name)).st_mtime_ns
                      for name in os.listdir(os.path.join(settled.folder, "state"))}
    shutil.rmtree(os.path.join(settled.folder, "state"))
    scene.shelfd("-c", settled.config, "--dry-run", check=0)
    assert not os.path.exists(os.path.join(settled.folder, "state"))


def test_only_what_changed_while_shelfd_was_off_is_read(scene, settled, reads):
    c, rev = scene.checkout, scene.rev()
    path = c.path("skills/g0/s0/SKILL.md")
    stamp, size = os.stat(path), os.path.getsize(path)
    text = c.read("skills/g0/s0/SKILL.md")
    c.write("skills/g0/s0/SKILL.md", text.replace("Skill 0.", "Skill O."))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert os.path.getsize(path) == size and os.stat(path).st_mtime_ns == stamp.st_mtime_ns
    c.write("skills/g1/s1/notes.txt", "another note")
    os.utime(c.path("skills/g2/s2/SKILL.md"))
    os.chmod(c.path("skills/g3/s3/SKILL.md"), 0o600)
    c.remove("skills/g0/s4")
    c.rename("skills/g1/s5", "skills/g1/s50")
    c.replace("skills/g2/s6/SKILL.md", c.read("skills/g2/s6/SKILL.md"))
    c.skill("new")
    start(settled, reads)
    scene.check()
    assert reads.take() == ["skills/g0/s0/SKILL.md", "skills/g1/s1/notes.txt", "skills/g1/s50/SKILL.md",
                            "skills/g1/s50/notes.txt", "skills/g2/s2/SKILL.md", "skills/g2/s6/SKILL.md",
                            "skills/g3/s3/SKILL.md", "skills/new/SKILL.md"]
    assert sorted(f"{e['data']['op']} {e['subject']}" for e in scene.changes(rev)) == [
        "created skill/g1/s50", "created skill/new", "deleted skill/g0/s4", "deleted skill/g1/s5",
        "updated skill/g0/s0", "updated skill/g1/s1"]
    # And that is known in turn.
    age(scene)
    restart(scene, settled, reads)
    assert restart(scene, settled, reads) == []


def test_a_file_that_becomes_another_kind_of_file_is_read_as_that(scene, settled, reads):
    c = scene.checkout
    c.write("skills/g0/SKILL.md", skill("g0"))  # nested ones keep their own bundles
    c.remove("tools/b/tool.yaml")  # what was beside it is a manifest now
    c.write("tools/a/tool.yaml", "name: a\ndescription: Both are its members now.\n")
    c.remove("skills/flat.md")
    os.symlink("untracked.md", c.path("skills/flat.md"))
    flat = scene.published().items["skill/flat"]
    start(settled, reads)
    scene.check(stale={"skill/flat": flat})
    got = reads.take()
    assert {"skills/g0/SKILL.md", "tools/b/aside.json", "tools/a/tool.yaml"} <= set(got)
    assert set(got) <= {"skills/g0/SKILL.md", "tools/b/aside.json", "tools/a/tool.yaml", "tools/a/x.json", "tools/a/x.yaml"}


def test_what_comes_last_in_a_large_folder_is_known_in_time(scene, reads):
    """While its entry manifest is not seen yet, a bundle's file looks like a manifest."""
    for k in range(8):
        for i in range(200):
            scene.checkout.write(f"tools/t{k}/{i}.json", '{"name": "x", "description": "X."}')
        scene.checkout.write(f"tools/t{k}/tool.yaml", f"name: t{k}\ndescription: T.\n")
    age(scene)
    daemon = start(scene.daemon())
    stop(daemon)
    start(daemon, reads)
    assert reads.take() == []
    assert scene.check().items["tool/t0"]["files"] == "201"


def test_the_same_bytes_in_and_out_of_a_conflict_are_judged_anew(scene, settled, reads):
    c, path = scene.checkout, "skills/g0/s0/SKILL.md"
    good = scene.published().items["skill/g0/s0"]
    ours, theirs = c.read(path) + "\nOur words.\n", c.read(path) + "\nTheir words.\n"
    c.git("checkout", "-q", "-b", "theirs")
    c.write(path, theirs)
    c.commit()
    c.git("checkout", "-q", "main")
    c.write(path, ours)
    c.commit()
    c.git("merge", "-q", "theirs", check=False)
    assert "<<<<<<<" in c.read(path)
    age(scene)
    conflicted = {"skill/g0/s0": good}
    start(settled)
    scene.check(stale=conflicted)
    stop(settled)
    c.git("add", path)  # whoever did that says that it is as it should be
    start(settled)
    settled.barrier()
    said = scene.check().items["skill/g0/s0"]
    assert said["state"] == "ok" and said["sha256"] != good["sha256"]
    assert restart(scene, settled, reads) == []
    stop(settled)
    c.git("update-index", "--unresolve", path)
    start(settled, reads)
    assert reads.take() == [path]
    scene.check(stale={"skill/g0/s0": said})


def test_what_was_read_just_before_the_end_is_kept(scene, settled, reads):
    c = scene.checkout
    start(settled)
    lock = c.path(".git/index.lock")
    with open(lock, "w", encoding="utf-8"):
        pass
    c.skill("new")
    age(scene)
    os.unlink(lock)  # what git writes is read when git is through, and then it is old enough
    settled.barrier()
    assert restart(scene, settled, reads) == []


def test_what_git_makes_of_the_same_bytes_is_seen_without_reading_them(scene, settled, reads):
    rev = scene.rev()
    scene.checkout.commit("the untracked one too")
    start(settled, reads)
    have = scene.check()
    assert reads.take() == []
    assert have.items["skill/untracked"]["git_state"] == "committed"
    assert [e["subject"] for e in scene.changes(rev)] == ["skill/untracked"]


def test_a_broken_manifest_stays_stale_and_mends_over_restarts(scene, settled, reads):
    start(settled)
    stale = {"skill/g0/s0": scene.published().items["skill/g0/s0"]}
    scene.checkout.write("skills/g0/s0/SKILL.md", "---\nname: [\n---\n")
    settled.barrier()
    scene.check(stale=stale)
    stop(settled)
    start(settled, reads)
    scene.check(stale=stale)
    assert reads.take() == []
    scene.checkout.skill("g0/s0", "Mended.")
    settled.barrier()
    scene.check()


def test_another_configuration_makes_everything_anew(scene, settled, reads):
    collection = {"type": "skill", "path": "skills", "entry": ["SKILL.md"], "flat": ["*.md"], "id_from": "/name"}
    settled.configure(collections=[collection])
    scene.collections = [Collection(**collection)]
    start(settled, reads)
    assert len(reads.take()) == 83  # all but the tools
    assert {"skill/s0", "skill/flat"} <= scene.check().items.keys()
    stop(settled)
    start(settled, reads)
    assert reads.take() == []


def test_a_reload_with_another_profile_judges_every_manifest_anew(scene, settled):
    client = scene.server.client()
    before = client.hgetall(prefix() + "problems")
    start(settled)
    settled.configure(profile="strict")
    settled.send(signal.SIGHUP)
    settled.wait_output("reloading")
    settled.notify.wait_for("READY=1", alive=settled.assert_alive)
    reloaded, rev = client.hgetall(prefix() + "problems"), scene.rev()
    assert len(reloaded) == len(before) and reloaded != before
    stop(settled)
    os.unlink(known(settled))
    start(settled)
    assert client.hgetall(prefix() + "problems") == reloaded and scene.rev() == rev


def test_another_schema_of_the_user_judges_every_manifest_anew(scene, settled):
    folder = os.path.join(scene.folder, "schemas")
    os.mkdir(folder)

    def require(key):
        with open(os.path.join(folder, "mine.json"), "w", encoding="utf-8") as file:
            json.dump({"required": [key]}, file)

    require("name")
    settled.configure(schemas=folder, collections=[{"type": "skill", "path": "skills", "entry": ["SKILL.md"], "schema": "mine"}])
    start(settled)
    client = scene.server.client()
    assert client.hlen(prefix() + "problems") == 0
    stop(settled)
    require("colour")
    start(settled)
    assert client.hlen(prefix() + "problems") == 40


def spoil(path, how):
    size = os.path.getsize(path)
    with open(path, "r+b") as file:
        if how == "random bytes":
            file.write(os.urandom(size))
        elif how == "random bytes in the middle":
            file.seek(size // 2)
            file.write(os.urandom(size // 4))
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
    stop(daemon)


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


def test_a_full_disk_beneath_the_state_is_named_and_done_without(scene):
    tree(scene)
    daemon = scene.daemon(env=TRACED)
    state = os.path.join(daemon.folder, "state")
    names = ["main+main.known", "main+main.known-journal"]
    daemon.prefix = from_start(daemon.folder, "pwrite64:error=ENOSPC", [os.path.join(state, name) for name in names])
    daemon.start()
    scene.check()
    daemon.wait_output("state: .*full")
    assert met(daemon.folder)
    scene.checkout.skill("g0/s0", "Edited.")
    daemon.barrier()
    scene.check()
    stop(daemon)
    start(daemon)
    scene.check()


def test_kill_9_while_state_is_written_leaves_state_that_is_right(scene, reads):
    tree(scene)
    daemon = start(scene.daemon())
    for i in range(10):
        for k in range(10):
            scene.checkout.skill(f"g{k % 4}/s{k}", f"Edit {i}.")
        daemon.barrier()
        daemon.kill()
        start(daemon)
        scene.check()
    assert ">state: " not in daemon.output()


def test_rows_of_files_that_are_gone_do_not_pile_up(scene, settled):
    for i in range(20):
        scene.checkout.remove(f"skills/g{i % 4}/s{i}")
    start(settled)
    stop(settled)
    with sqlite3.connect(known(settled)) as db:
        paths = {os.fsdecode(row[0]) for row in db.execute("SELECT path FROM file")}
    db.close()
    assert len(paths) == FILES - 40 and all(os.path.exists(scene.checkout.path(path)) for path in paths)


# What Redis had confirmed.

def dump(scene, copy):
    scene.server.client().save()
    shutil.copy(os.path.join(scene.server.folder, "dump.rdb"), copy)


def roll_back(scene, copy):
    """Redis comes back with what it was when copy was made."""
    scene.server.stop(signal.SIGKILL)
    shutil.copy(copy, os.path.join(scene.server.folder, "dump.rdb"))
    scene.server.start()


def assert_new_life(scene, daemon, generation, words):
    """Named in the log once and in status, with the reason."""
    have = scene.check()
    assert have.head["generation"] != generation
    found = [m for m in NEW_LIFE.finditer(daemon.output()) if m[2] == have.head["generation"]]
    assert len(found) == 1 and words in found[0][1], daemon.output()
    status = daemon.status()["redis"]
    assert status["condition"] == "" and words in status["reset"]["reason"]
    said = scene.shelfctl("-c", daemon.config, "status", check=0).stdout
    assert re.search(rf"generation +begun anew at .*{re.escape(words)}", said), said
    return have


def test_a_redis_that_went_back_while_shelfd_was_off_gets_a_new_generation(scene, settled, reads):
    old = os.path.join(scene.folder, "old.rdb")
    dump(scene, old)
    start(settled)
    for i in range(5):
        scene.checkout.skill("g0/s0", f"Edit {i}.")
        settled.barrier()
    rev, generation = scene.rev(), scene.published().head["generation"]
    stop(settled)
    roll_back(scene, old)
    assert scene.rev() == rev - 5
    start(settled)
    assert_new_life(scene, settled, generation, f"revision {rev - 5} of {rev}")
    stop(settled)
    # The same file again: neither life goes on from there.
    roll_back(scene, old)
    start(settled)
    assert_new_life(scene, settled, generation, f"revision {rev - 5} of {rev}")


def test_a_redis_that_went_back_and_was_written_by_another_agent_is_noticed(scene, settled):
    old = os.path.join(scene.folder, "old.rdb")
    dump(scene, old)
    start(settled)
    scene.checkout.skill("g0/s0", "Lost.")
    settled.barrier()
    generation = scene.published().head["generation"]
    stop(settled)
    roll_back(scene, old)
    other = scene.daemon("other").start()  # with a state of its own, which knows nothing of it
    for i in range(5):
        scene.checkout.skill("g0/s1", f"Edit {i}.")
        other.barrier()
    assert scene.check().head["generation"] == generation
    stop(other)
    start(settled)
    assert_new_life(scene, settled, generation, "another change as revision")


def test_flushall_while_shelfd_is_off_gives_a_new_generation_without_reading(scene, settled, reads):
    generation = scene.published().head["generation"]
    scene.server.client().flushall()
    start(settled, reads)
    assert_new_life(scene, settled, generation, "does not have the catalog any more")
    assert reads.take() == []


def test_a_redis_that_went_back_while_shelfd_runs_gets_a_new_generation_with_its_reason(scene, settled):
    old = os.path.join(scene.folder, "old.rdb")
    dump(scene, old)
    start(settled)
    scene.checkout.skill("g0/s0", "Lost.")
    settled.barrier()
    rev, generation = scene.rev(), scene.published().head["generation"]
    roll_back(scene, old)
    until("there is a new generation", lambda: scene.published().head["generation"] != generation)
    settled.barrier()
    assert_new_life(scene, settled, generation, f"revision {rev - 1}")


@pytest.mark.parametrize("off", [False, True], ids=["running", "off"])
def test_three_consumers_that_tail_a_redis_that_goes_back_end_equal_to_the_truth(scene, settled, off):
    old = os.path.join(scene.folder, "old.rdb")
    dump(scene, old)
    start(settled)
    client = scene.server.client()
    consumers = [kind(scene.folder, kind.__name__.lower(), scene.server) for kind in (Python, Shell, Watch)]
    try:
        for i in range(5):
            scene.checkout.skill(f"g0/s{4 * i}", "Lost with its revision.")
            settled.barrier()
        generation = scene.published().head["generation"]
        assert_equal_to_the_truth(consumers, client)  # so they know the revisions that will be lost
        if off:
            stop(settled)
        roll_back(scene, old)
        for i in range(10):
            scene.checkout.skill(f"g1/s{4 * i + 1}", "Not told before.")
        if off:
            start(settled)
        until("there is a new generation", lambda: scene.published().head.get("generation") != generation)
        settled.barrier()
        assert_new_life(scene, settled, generation, "revision")
        assert_equal_to_the_truth(consumers, client)
        assert all(consumer.generation != generation and consumer.resets >= 2 for consumer in consumers)
    finally:
        for consumer in consumers:
            consumer.stop()
            consumer.assert_clean()


def test_no_other_end_of_shelfd_costs_the_generation(scene, settled):
    generation = scene.published().head["generation"]
    for how in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
        start(settled)
        scene.checkout.skill("g0/s0", f"Before {how} {scene.rev()}.")
        settled.barrier()
        settled.stop(how)
        scene.checkout.skill("g0/s1", f"After {how} {scene.rev()}.")
        scene.once("-c", settled.config)
    assert scene.check().head["generation"] == generation
    assert "reset" not in start(settled).status()["redis"]
