"""Scenarios S1 to S18: what can happen to a tree. Each ends with Redis equal to the oracle."""
import ctypes
import os
import signal

import pytest

from support.checkout import skill
from support.live import Live, summary


@pytest.fixture
def live(scene):
    scene.checkout.skill("a/b/f")
    scene.checkout.skill("foo")
    scene.checkout.skill("foobar")
    scene.checkout.commit()
    return Live(scene)


def outside(live, name="outside"):
    path = os.path.join(live.scene.folder, name)
    os.makedirs(path, exist_ok=True)
    return path


def rename_exchange(one, other):
    """renameat2(2) with RENAME_EXCHANGE."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(-100, os.fsencode(one), -100, os.fsencode(other), 2) != 0:
        raise OSError(ctypes.get_errno(), "renameat2")


def test_s1_and_s2_a_manifest_in_folders_made_at_once_is_published_and_so_is_its_edit(live):
    for i in range(20):
        live.checkout.skill(f"p{i}/q/r/s")
    assert summary(live.told()) == sorted(f"created skill/p{i}/q/r/s" for i in range(20))
    for i in range(20):
        live.checkout.skill(f"p{i}/q/r/s", "Edited.")
    assert summary(live.told()) == sorted(f"updated skill/p{i}/q/r/s" for i in range(20))


def test_s3_after_a_rename_an_edit_is_seen_at_the_new_place_and_nothing_is_left_at_the_old(live):
    live.checkout.rename("skills/a", "skills/c")
    live.checkout.skill("c/b/f", "Edited.")
    live.told()
    assert sorted(live.scene.published().items) == ["skill/c/b/f", "skill/foo", "skill/foobar"]
    live.checkout.skill("c/b/f", "Edited again.")
    assert summary(live.told()) == ["updated skill/c/b/f"]


def test_s4_a_tree_renamed_twice_keeps_being_watched_eight_deep(live):
    live.checkout.skill("p1/p2/p3/p4/p5/p6/p7/p8")
    live.told()
    live.checkout.rename("skills/p1", "skills/x")
    live.checkout.rename("skills/x", "skills/y")
    live.checkout.skill("y/p2/p3/p4/p5/p6/p7/p8", "Edited.")
    live.told()
    live.checkout.skill("y/p2/p3/p4/p5/p6/p7/p8", "Edited again.")
    assert summary(live.told()) == ["updated skill/y/p2/p3/p4/p5/p6/p7/p8"]


def test_s5_a_renamed_folder_leaves_its_neighbour_of_a_longer_name_alone(live):
    live.checkout.rename("skills/foo", "skills/bar")
    assert summary(live.told()) == ["created skill/bar", "deleted skill/foo"]


def test_s6_a_populated_tree_that_is_moved_in_is_published_and_watched_at_every_depth(live):
    path = outside(live)
    for name in ("x", "x/y", "x/y/z"):
        os.makedirs(f"{path}/tree/{name}")
        with open(f"{path}/tree/{name}/SKILL.md", "w", encoding="utf-8") as file:
            file.write(skill(os.path.basename(name)))
    os.rename(f"{path}/tree", live.checkout.path("skills/tree"))
    assert summary(live.told()) == ["created skill/tree/x", "created skill/tree/x/y", "created skill/tree/x/y/z"]
    for name in ("x", "x/y", "x/y/z"):
        live.checkout.skill(f"tree/{name}", "Edited.")
        assert summary(live.told()) == [f"updated skill/tree/{name}"]


def test_s7_a_tree_that_is_moved_out_is_deleted_and_its_edits_are_not_ours(live):
    path = outside(live)
    os.rename(live.checkout.path("skills/a"), f"{path}/a")
    assert summary(live.told()) == ["deleted skill/a/b/f"]
    with open(f"{path}/a/b/f/SKILL.md", "w", encoding="utf-8") as file:
        file.write(skill("f", "Edited outside."))
    assert live.told() == []


def test_s8_a_folder_that_is_replaced_by_another_has_the_other_content(live):
    live.checkout.write("alt/SKILL.md", skill("foo", "The other one."))
    live.checkout.rename("skills/foo", "bye")
    live.checkout.rename("alt", "skills/foo")
    assert summary(live.told()) == ["updated skill/foo"]
    live.checkout.skill("foo", "Edited.")
    assert summary(live.told()) == ["updated skill/foo"]
    live.checkout.write("bye/SKILL.md", skill("foo", "Not ours any more."))
    assert live.told() == []


def test_s9_a_folder_that_is_removed_and_made_again_at_once_is_watched(live):
    for i in range(30):
        live.checkout.remove("skills/a")
        os.makedirs(live.checkout.path(f"skills/a/sub{i}"))
    live.told()
    live.checkout.skill("a/sub29/new")
    assert summary(live.told()) == ["created skill/a/sub29/new"]


def test_s10_a_folder_that_became_a_link_while_shelfd_was_stopped_is_right_afterwards(live):
    live.daemon.send(signal.SIGSTOP)
    live.checkout.rename("skills/foo", "skills/bar")
    os.symlink("bar", live.checkout.path("skills/foo"))
    live.daemon.send(signal.SIGCONT)
    assert summary(live.told()) == ["created skill/bar", "deleted skill/foo"]


def test_s11_long_chains_of_renames_end_in_the_exact_state(live):
    for i in range(100):
        live.checkout.rename("skills/foo", "skills/t1")
        live.checkout.rename("skills/a", "skills/t2")
        live.checkout.rename("skills/t1", "skills/a")
        live.checkout.rename("skills/t2", "skills/foo")
        if i % 10 == 0:
            live.checkout.rename("skills/foobar", "skills/a/foobar")
            live.checkout.rename("skills/a/foobar", "skills/foobar")
    live.told()
    live.checkout.rename("skills/foo", "skills/last")
    live.told()


def test_s12_a_file_and_a_folder_take_turns_under_one_name(live):
    for _ in range(5):
        live.checkout.remove("skills/foo")
        live.checkout.write("skills/foo", "a file")
        assert "deleted skill/foo" in summary(live.told())
        live.checkout.remove("skills/foo")
        live.checkout.skill("foo")
        assert summary(live.told()) == ["created skill/foo"]


def test_s12_a_manifest_that_turns_into_a_folder_and_back(live):
    for _ in range(5):
        live.checkout.remove("skills/foo/SKILL.md")
        os.mkdir(live.checkout.path("skills/foo/SKILL.md"))
        assert "deleted skill/foo" in summary(live.told())
        os.rmdir(live.checkout.path("skills/foo/SKILL.md"))
        live.checkout.skill("foo")
        live.told()


def test_s12_a_tracked_manifest_that_gives_way_to_an_ignored_folder_is_gone(live):
    live.checkout.write("skills/foo/.gitignore", "*\n")
    assert live.told() == []
    os.mkdir(live.checkout.path("folder"))
    rename_exchange(live.checkout.path("skills/foo/SKILL.md"), live.checkout.path("folder"))
    assert summary(live.told()) == ["deleted skill/foo"]


def test_s13_two_folders_that_are_exchanged_are_exchanged(live):
    live.checkout.skill("a/b/f", "This was f.")
    live.told()
    rename_exchange(live.checkout.path("skills/foo"), live.checkout.path("skills/a/b/f"))
    assert summary(live.told()) == ["updated skill/a/b/f", "updated skill/foo"]
    live.checkout.skill("foo", "Edited.")
    assert summary(live.told()) == ["updated skill/foo"]
    rename_exchange(live.checkout.path("skills/a"), live.checkout.path("skills/foobar"))
    live.told()


def test_s14_a_folder_that_is_renamed_over_an_empty_watched_one_is_watched(live):
    os.mkdir(live.checkout.path("skills/empty"))
    live.told()
    live.checkout.rename("skills/foo", "skills/empty")
    assert summary(live.told()) == ["created skill/empty", "deleted skill/foo"]
    live.checkout.skill("empty", "Edited.")
    assert summary(live.told()) == ["updated skill/empty"]


def test_s15_a_rename_of_case_only_is_a_rename(live):
    live.checkout.rename("skills/foo", "skills/FOO")
    assert summary(live.told()) == ["created skill/FOO", "deleted skill/foo"]


def test_s18_links_in_a_loop_outside_and_dangling_are_not_followed(live):
    os.symlink("..", live.checkout.path("skills/a/loop"))
    os.symlink(live.scene.folder, live.checkout.path("skills/a/out"))
    os.symlink("nowhere", live.checkout.path("skills/dangling"))
    os.symlink("foo", live.checkout.path("skills/alias"))
    assert live.told() == []


def test_a_root_given_by_a_link_is_the_folder_it_leads_to(scene):
    scene.checkout.skill("one")
    link = os.path.join(scene.folder, "link")
    os.symlink(scene.checkout.root, link)
    daemon = scene.daemon(source={"root": link}).start()
    scene.checkout.skill("two")
    assert sorted(scene.settle(daemon).items) == ["skill/one", "skill/two"]
