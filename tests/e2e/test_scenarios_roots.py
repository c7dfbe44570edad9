"""Scenarios S16, S17, S31 and the like: the root goes, comes back, is flipped; files and git cannot be read for a while."""
import os
import shutil

import pytest

from support.checkout import Checkout, skill
from support.live import Live, batches, summary
from support.namespace import unprivileged
from support.waiting import until


def fill(checkout, number, description="What it does, and when to use it."):
    for i in range(number):
        checkout.skill(f"s{i}", description)
    return checkout.commit()


@pytest.fixture
def live(scene):
    fill(scene.checkout, 5)
    return Live(scene)


def wait_lost(live):
    until("the source is lost", lambda: live.daemon.status()["watch"]["mode"] == "lost")


def wait_back(live):
    until("the source is back", lambda: live.daemon.status()["watch"]["mode"] == "inotify")


def test_s16_a_root_that_is_renamed_deletes_nothing_and_is_taken_up_again_when_it_is_back(live):
    away = live.checkout.root + "-away"
    os.rename(live.checkout.root, away)
    wait_lost(live)
    live.daemon.barrier()
    assert live.scene.rev() == live.rev and len(live.scene.published().items) == 5
    status, answer = live.daemon.request("POST", "/api/v1/sync", {"wait": True})
    assert status == 503 and "is lost" in answer["error"], (status, answer)
    Checkout(away).skill("s0", "Edited while it was away.")
    os.rename(away, live.checkout.root)
    wait_back(live)
    assert summary(live.told()) == ["updated skill/s0"]
    live.checkout.skill("s1", "Edited afterwards.")
    assert summary(live.told()) == ["updated skill/s1"]


def test_s16_a_root_that_is_deleted_and_cloned_again_is_told_as_the_difference(live):
    origin = live.checkout.root + "-origin"
    shutil.copytree(live.checkout.root, origin)
    Checkout(origin).skill("s1", "Edited at the origin.")
    commit = Checkout(origin).commit()
    os.rename(live.checkout.root, live.checkout.root + "-gone")
    shutil.rmtree(live.checkout.root + "-gone")
    wait_lost(live)
    Checkout(live.scene.folder).git("clone", "-q", origin, live.checkout.root)
    wait_back(live)
    events = live.told(commit=None)
    assert summary(events) == ["updated skill/s1"]
    assert live.scene.published().head["commit"] == commit


def test_s16_a_root_that_is_removed_and_made_anew_at_once_is_taken_up(live):
    for i in range(3):
        shutil.rmtree(live.checkout.root)
        os.mkdir(live.checkout.root)
        live.checkout.init()
        live.checkout.skill("s0")
        live.checkout.skill(f"new{i}")
        live.checkout.commit()
        live.scene.wait_item(f"skill/new{i}")
        live.told()
        assert sorted(live.scene.published().items) == [f"skill/new{i}", "skill/s0"]


def test_a_source_that_is_lost_at_the_start_deletes_nothing_and_waits(scene):
    fill(scene.checkout, 5)
    scene.once()
    os.rename(scene.checkout.root, scene.checkout.root + "-away")
    os.mkdir(scene.checkout.root)  # a mount point whose mount is still to come
    daemon = scene.daemon().start(wait=False)
    until("it runs", lambda: os.path.exists(daemon.control))
    assert daemon.status()["watch"]["mode"] == "lost"
    assert daemon.request("GET", "/readyz")[0] == 503
    assert len(scene.published().items) == 5 and scene.rev() == 5
    done = scene.once(check=1)
    assert "empty" in done.stderr
    os.rmdir(scene.checkout.root)
    os.rename(scene.checkout.root + "-away", scene.checkout.root)
    daemon.wait_ready()
    scene.settle(daemon)
    assert scene.rev() == 5


def flip(link, target):
    """As git-sync does it."""
    os.symlink(target, link + ".next")
    os.rename(link + ".next", link)


def linked(scene, relative):
    """The scene's root becomes a link to one of two checkouts beside it, which differ in two skills."""
    one, two = scene.checkout, Checkout(os.path.join(scene.folder, "two")).init()
    fill(one, 40)
    fill(two, 40)
    two.skill("s0", "Edited in two.")
    two.skill("only-two")
    two.commit("two")
    scene.checkout = Checkout.__new__(Checkout)
    scene.checkout.root = os.path.join(scene.folder, "current")
    flip(scene.checkout.root, "checkout" if relative else one.root)
    return one, two


@pytest.mark.parametrize("relative", [True, False])
def test_r13_a_root_link_that_is_flipped_is_told_as_the_difference_in_one_batch(scene, relative):
    one, two = linked(scene, relative)
    live = Live(scene)
    for _ in range(3):
        flip(live.checkout.root, "two" if relative else two.root)
        events = live.told()
        assert summary(events) == ["created skill/only-two", "updated skill/s0"]
        assert len(batches(events)) == 1 and {e["data"]["commit"] for e in events} == {two.head()}
        live.checkout.skill("s1", "Edited in the new place.")
        assert summary(live.told()) == ["updated skill/s1"]
        two.git("checkout", "-q", ".")
        assert summary(live.told()) == ["updated skill/s1"]
        flip(live.checkout.root, "checkout" if relative else one.root)
        events = live.told()
        assert summary(events) == ["deleted skill/only-two", "updated skill/s0"]
        assert len(batches(events)) == 1 and {e["data"]["commit"] for e in events} == {one.head()}


def test_r13_a_flip_between_work_trees_of_one_repository_as_git_sync_makes_it(scene):
    main = scene.checkout
    fill(main, 30)
    scene.checkout = Checkout.__new__(Checkout)
    scene.checkout.root = os.path.join(scene.folder, "current")
    main.git("worktree", "add", "-q", "--detach", os.path.join(scene.folder, "trees/0"))
    flip(scene.checkout.root, "trees/0")
    live = Live(scene)
    for i in range(1, 4):
        main.skill("s3", f"Version {i}.")
        commit = main.commit(f"version {i}")
        assert live.told() == []
        main.git("worktree", "add", "-q", "--detach", os.path.join(scene.folder, f"trees/{i}"))
        flip(live.checkout.root, f"trees/{i}")
        main.git("worktree", "remove", "--force", os.path.join(scene.folder, f"trees/{i - 1}"))
        events = live.told()
        assert summary(events) == ["updated skill/s3"]
        assert {e["data"]["commit"] for e in events} == {commit}


def test_r13_a_link_further_up_that_is_flipped_is_followed_too(scene):
    for name in ("a", "b"):
        os.makedirs(os.path.join(scene.folder, name))
        made = Checkout(os.path.join(scene.folder, name, "repo")).init()
        fill(made, 3)
        made.skill("which", f"In {name}.")
        made.commit(name)
    scene.checkout = Checkout.__new__(Checkout)
    scene.checkout.root = os.path.join(scene.folder, "link", "repo")
    os.symlink("a", os.path.join(scene.folder, "link"))
    live = Live(scene)
    flip(os.path.join(scene.folder, "link"), "b")
    assert summary(live.told()) == ["updated skill/which"]


def test_s17_without_its_git_folder_the_source_is_plain_files_and_with_a_new_one_a_checkout_again(live):
    shutil.rmtree(live.checkout.path(".git"))
    live.checkout.skill("new")
    until("git is gone", lambda: not live.daemon.status()["source"]["git"])
    live.told()
    assert "commit" not in live.scene.published().head
    live.checkout.skill("s0", "Edited without git.")
    assert summary(live.told()) == ["updated skill/s0"]
    live.checkout.init()
    commit = live.checkout.commit("again")
    until("git is back", lambda: live.scene.published().head.get("commit") == commit)
    live.told()
    live.checkout.git("checkout", "-q", "-b", "other")
    live.checkout.skill("s1", "On a branch of the new one.")
    live.checkout.commit("more")
    live.told()
    assert live.scene.published().head["branch"] == "other"


def test_a_checkout_is_made_of_a_plain_folder_while_it_runs(scene):
    shutil.rmtree(scene.checkout.path(".git"))
    scene.checkout.skill("one")
    live = Live(scene)
    live.checkout.init()
    live.told()
    live.checkout.write(".gitignore", "skills/two\n")
    live.checkout.skill("two")
    commit = live.checkout.commit()
    until("the commit is known", lambda: live.scene.published().head.get("commit") == commit)
    live.told()
    assert sorted(live.scene.published().items) == ["skill/one"]


def test_s42_a_submodule_is_held_by_its_own_git_directory(scene):
    inner = Checkout(os.path.join(scene.folder, "inner")).init()
    fill(inner, 5)
    outer = scene.checkout
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", inner.root, "catalog")
    outer.commit("submodule")
    scene.checkout = Checkout(outer.path("catalog"))
    live = Live(scene)
    for i in range(100):
        inner.skill(f"n{i}")
    commit = inner.commit("wide")
    live.checkout.git("-c", "protocol.file.allow=always", "fetch", "-q", "origin")
    assert live.told() == []
    live.checkout.git("checkout", "-q", commit)
    events = live.told()
    assert len(events) == 100 and len(batches(events)) == 1
    assert {e["data"]["commit"] for e in events} == {commit}


def stale_lock(scene, git_dir):
    live = Live(scene, watch={"git_hold": "1s"})
    lock = os.path.join(git_dir, "index.lock")
    with open(lock, "w", encoding="ascii"):
        pass
    live.checkout.skill("s0", "Under a stale lock.")
    until("it is published all the same", lambda: live.scene.rev() > live.rev)
    live.daemon.wait_output("index.lock")
    assert live.daemon.status()["watch"]["git_stale_lock"] is True
    os.unlink(lock)
    assert summary(live.told()) == ["updated skill/s0"]
    assert live.daemon.status()["watch"]["git_stale_lock"] is False


def test_s42_and_s43_a_stale_lock_of_a_linked_work_tree(scene):
    main = scene.checkout
    fill(main, 3)
    scene.checkout = Checkout(os.path.join(scene.folder, "linked"))
    main.git("worktree", "add", "-q", "-b", "linked", scene.checkout.root)
    stale_lock(scene, main.path(".git/worktrees/linked"))


def test_s43_a_stale_lock_of_a_submodule(scene):
    inner = Checkout(os.path.join(scene.folder, "inner")).init()
    fill(inner, 3)
    outer = scene.checkout
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", inner.root, "catalog")
    scene.checkout = Checkout(outer.path("catalog"))
    stale_lock(scene, outer.path(".git/modules/catalog"))


def modes(path, folders, files):
    os.chmod(path, 0o755)
    for top, _, names in os.walk(path):
        for name in names:
            os.chmod(os.path.join(top, name), files)
    os.chmod(path, folders)


@pytest.fixture
def plain(scene):
    """A shelfd for which modes count, also when we are root."""
    fill(scene.checkout, 5)
    scene.checkout.write("skills/s0/notes.txt", "A member.")
    return Live(scene, prefix=unprivileged())


def test_s31_a_file_that_can_not_be_read_is_stale_until_it_can(plain):
    path = plain.checkout.path("skills/s0/SKILL.md")
    good = plain.scene.published().items["skill/s0"]
    for _ in range(2):
        os.chmod(path, 0)
        plain.daemon.barrier()
        have = plain.scene.published()
        assert have.items["skill/s0"]["state"] == "stale"
        assert have.items["skill/s0"]["sha256"] == good["sha256"]
        assert have.problems["skills/s0/SKILL.md"][0]["code"] == "unreadable"
        assert plain.daemon.status()["watch"]["unreadable"] == 1
        os.chmod(path, 0o644)
        assert summary(plain.told()) == ["updated skill/s0", "updated skill/s0"]


def test_s31_a_member_that_can_not_be_read_makes_its_bundle_stale(plain):
    path = plain.checkout.path("skills/s0/notes.txt")
    os.chmod(path, 0)
    plain.daemon.barrier()
    have = plain.scene.published()
    assert have.items["skill/s0"]["state"] == "stale"
    assert have.problems["skills/s0/SKILL.md"][0]["code"] == "member-unreadable"
    os.chmod(path, 0o644)
    assert summary(plain.told()) == ["updated skill/s0", "updated skill/s0"]


@pytest.mark.parametrize("mode", [0o000, 0o400, 0o100])
def test_s31_a_folder_that_can_not_be_read_deletes_nothing_and_what_changed_in_it_is_told_when_it_can(plain, mode):
    folder = plain.checkout.path("skills/s1")
    inside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.chmod(folder, mode)
    plain.daemon.sync()
    have = plain.scene.published()
    assert sorted(have.items) == [f"skill/s{i}" for i in range(5)]
    assert have.items["skill/s1"]["state"] == "stale"
    file = os.open("SKILL.md", os.O_WRONLY | os.O_TRUNC, dir_fd=inside)
    os.write(file, skill("s1", "Edited behind a closed door.").encode())
    os.close(file)
    os.close(inside)
    plain.daemon.barrier()
    assert plain.daemon.status()["watch"]["unreadable"] >= 1
    os.chmod(folder, 0o755)
    plain.daemon.barrier()
    until("it is told", lambda: plain.scene.published().items["skill/s1"]["state"] == "ok", 5)
    events = plain.told()
    assert {e["subject"] for e in events} == {"skill/s1"} and {e["data"]["op"] for e in events} == {"updated"}
    until("all is well", lambda: plain.daemon.status()["watch"]["unreadable"] == 0, 5)


def test_s31_a_folder_that_was_never_readable_is_found_when_it_is(plain):
    plain.checkout.skill("hidden/a/b")
    plain.told()
    plain.checkout.write("skills/later/keep", "")
    os.chmod(plain.checkout.path("skills/later"), 0)
    plain.daemon.barrier()
    os.chmod(plain.checkout.path("skills/later"), 0o755)
    plain.checkout.skill("later/x")
    plain.told()
    assert "skill/later/x" in plain.scene.published().items


def test_a_folder_that_became_a_link_to_its_twin_is_gone_after_a_scan(scene):
    """The path still leads to such a file, but not to one of ours."""
    scene.checkout.skill("foo")
    scene.checkout.commit()
    live = Live(scene)
    live.daemon.send(19)  # SIGSTOP
    live.checkout.rename("skills/foo", "skills/bar")
    os.symlink("bar", live.checkout.path("skills/foo"))
    with open("/proc/sys/fs/inotify/max_queued_events", encoding="ascii") as file:
        number = int(file.read())
    for _ in range(number // 2 + 100):  # the queue overflows
        os.utime(live.checkout.path("skills/bar"))
        os.utime(live.checkout.path("skills/bar/SKILL.md"))
    live.daemon.send(18)
    assert summary(live.told()) == ["created skill/bar", "deleted skill/foo"]
