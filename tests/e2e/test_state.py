"""A start reads what has changed since an earlier one, and nothing else."""
import json
import os
import shutil
import signal
import sqlite3

from oracle.checkout import Collection
from oracle.published import prefix
from support.checkout import skill
from support.daemon import SHELFD, run
from support.kept import FILES, ITEMS, TRACED, age, known, restart, start, stop, tree


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


def test_a_start_that_is_refused_while_it_takes_up_what_is_known_leaves_nothing(scene, settled):
    """With sanitizers this tells whether it is released."""
    start(settled)
    for _ in range(3):
        done = scene.shelfd("-c", settled.config, check=1)
        assert "already running" in done.stderr
    settled.barrier()
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
