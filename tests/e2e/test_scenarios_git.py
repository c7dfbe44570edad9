"""Scenarios S40 to S46: what git does to a checkout while shelfd runs."""
import os
import subprocess

import pytest

from support.checkout import Checkout, skill
from support.live import Live, batches, summary
from support.waiting import until


@pytest.fixture
def live(scene):
    for i in range(10):
        scene.checkout.skill(f"s{i}")
    scene.checkout.commit("first")
    return Live(scene)


def wide(files, number):
    """A branch 'wide' with many edits, made in a work tree of its own so that shelfd sees nothing of it."""
    other = Checkout(files.root + "-other")
    files.git("worktree", "add", "-q", "-b", "wide", other.root)
    for i in range(number):
        other.skill(f"n{i}")
    other.skill("s0", "Edited on the branch.")
    commit = other.commit("wide")
    files.git("worktree", "remove", "--force", other.root)
    return commit


def test_s40_a_checkout_of_1000_files_is_one_batch_with_the_new_commit(live):
    commit = wide(live.checkout, 999)
    live.told()
    live.checkout.git("checkout", "-q", "wide")
    events = live.told()
    assert len(events) == 1000 and len(batches(events)) == 1
    assert {e["data"]["commit"] for e in events} == {commit}
    live.checkout.git("checkout", "-q", "main")
    events = live.told()
    assert len(events) == 1000 and len(batches(events)) == 1


def test_s40_a_fast_forward_merge_is_one_batch_with_the_new_commit(live):
    commit = wide(live.checkout, 200)
    live.told()
    live.checkout.git("merge", "-q", "wide")
    events = live.told()
    assert len(events) == 201 and len(batches(events)) == 1
    assert {e["data"]["commit"] for e in events} == {commit}


def test_s41_a_rebase_of_many_commits_publishes_no_intermediate_one(live):
    files = live.checkout
    files.git("checkout", "-q", "-b", "topic")
    for i in range(20):
        files.skill("topic", f"Step {i}.")
        files.commit(f"step {i}")
    files.git("checkout", "-q", "main")
    files.skill("s9", "Edited on main.")
    files.commit("main moves")
    files.git("checkout", "-q", "topic")
    live.told()
    files.git("rebase", "-q", "main")
    events = live.told()
    assert summary(events) == ["updated skill/s9"]
    assert live.scene.published().head["commit"] == files.head()


def test_s42_a_checkout_in_a_linked_work_tree_is_one_batch(scene):
    for i in range(10):
        scene.checkout.skill(f"s{i}")
    scene.checkout.commit("first")
    main = scene.checkout
    linked = Checkout(os.path.join(scene.folder, "linked"))
    main.git("worktree", "add", "-q", "-b", "linked", linked.root)
    scene.checkout = linked
    live = Live(scene)
    main.git("checkout", "-q", "-b", "wide")
    for i in range(100):
        main.skill(f"n{i}")
    commit = main.commit("wide")
    assert live.told() == []
    linked.git("reset", "-q", "--hard", "wide")
    events = live.told()
    assert len(events) == 100 and len(batches(events)) == 1
    assert {e["data"]["commit"] for e in events} == {commit}


def test_s43_a_stale_lock_holds_only_up_to_the_cap_and_is_warned_of(scene):
    scene.checkout.skill("s0")
    scene.checkout.commit()
    live = Live(scene, watch={"git_hold": "1s"})
    live.checkout.write(".git/index.lock", "")
    live.checkout.skill("s0", "Under a stale lock.")
    until("it is published all the same", lambda: live.scene.rev() > live.rev, 20)
    live.daemon.wait_output("index.lock")
    live.checkout.remove(".git/index.lock")
    assert summary(live.told()) == ["updated skill/s0"]


def test_s44_a_conflicted_merge_lets_clean_files_flow(live):
    files = live.checkout
    files.git("checkout", "-q", "-b", "left")
    files.skill("s0", "Left.")
    files.skill("s1", "Clean on the left.")
    files.commit("left")
    files.git("checkout", "-q", "main")
    files.skill("s0", "Right.")
    files.commit("right")
    live.told()
    good = live.scene.published().items["skill/s0"]
    files.git("merge", "-q", "left", check=False)
    events = live.told(stale={"skill/s0": good})
    assert summary(events) == ["updated skill/s0", "updated skill/s1"]
    files.skill("s2", "Edited during the merge.")
    assert summary(live.told(stale={"skill/s0": good})) == ["updated skill/s2"]
    files.git("merge", "--abort")
    live.told()


def test_s45_a_rebase_of_50_commits_never_meets_our_lock(live):
    files = live.checkout
    files.git("checkout", "-q", "-b", "topic")
    for i in range(50):
        files.skill(f"topic{i}")
        files.commit(f"step {i}")
    files.git("checkout", "-q", "main")
    files.skill("s9", "Edited on main.")
    files.commit("main moves")
    for _ in range(2):
        files.git("checkout", "-q", "topic")
        files.git("rebase", "-q", "--force-rebase", "main")
        files.git("checkout", "-q", "main")
    live.told()


def test_s46_reset_clean_and_stash_end_in_the_exact_state(live):
    files = live.checkout
    files.skill("s0", "Edited.")
    files.skill("untracked")
    files.remove("skills/s1")
    assert len(live.told()) == 3
    files.git("stash", "-q")
    assert summary(live.told()) == ["created skill/s1", "updated skill/s0"]
    files.git("stash", "pop", "-q")
    assert summary(live.told()) == ["deleted skill/s1", "updated skill/s0"]
    files.git("reset", "-q", "--hard")
    assert summary(live.told()) == ["created skill/s1", "updated skill/s0"]
    files.git("clean", "-fdq")
    assert summary(live.told()) == ["deleted skill/untracked"]
    files.git("rm", "-rq", "--cached", "skills/s2")
    live.told()
    files.git("add", "-A")
    live.told()


def test_commits_amends_resets_and_cherry_picks_in_a_row_end_in_the_exact_state(live):
    files = live.checkout
    for i in range(5):
        files.skill(f"s{i}", "Round one.")
        files.commit(f"edit {i}")
    files.git("commit", "-q", "--amend", "-m", "amended")
    files.git("reset", "-q", "--soft", "HEAD~2")
    live.told()
    files.git("reset", "-q", "HEAD~1")
    live.told()
    files.git("checkout", "-q", "-B", "other", "HEAD~1", "-f")
    files.git("cherry-pick", "--allow-empty", "main")
    live.told()
    files.git("checkout", "-q", "--detach", "HEAD")
    live.told()
    assert not live.scene.published().head.get("branch")


def test_a_clone_into_the_watched_folder_is_published(scene):
    origin = Checkout(os.path.join(scene.folder, "origin")).init()
    for i in range(20):
        origin.skill(f"s{i}")
    commit = origin.commit()
    live = Live(scene)
    scene.checkout.git("pull", "-q", origin.root, "main")
    live.daemon.barrier()
    have = live.scene.check()
    assert len(have.items) == 20 and have.head["commit"] == commit


def test_packed_refs_and_gc_move_no_item(live):
    live.checkout.git("pack-refs", "--all")
    live.checkout.git("gc", "-q", "--prune=now")
    assert live.told() == []
    live.checkout.skill("s0", "Afterwards.")
    live.checkout.commit()
    live.told()


def test_shelfd_never_touches_the_index(live):
    index = live.checkout.path(".git/index")
    before = os.stat(index).st_mtime_ns, os.stat(index).st_ino
    os.utime(live.checkout.path("skills/s0/SKILL.md"))
    live.checkout.skill("s1", "Edited.")
    live.told()
    assert (os.stat(index).st_mtime_ns, os.stat(index).st_ino) == before
    done = subprocess.run(["git", "-C", live.checkout.root, "fsck"], capture_output=True, check=False)
    assert done.returncode == 0


def test_a_nested_checkout_inside_a_collection_is_part_of_the_tree_or_ignored_as_git_does(live):
    inner = Checkout(live.checkout.path("skills/vendored")).init()
    inner.write("SKILL.md", skill("vendored"))
    live.daemon.barrier()
    live.daemon.assert_alive()
