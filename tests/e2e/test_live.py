"""A running shelfd, a subscriber on every channel and a reader of the stream: what happens to the files, and what is told."""
import json
import os

import pytest

from support.checkout import skill
from support.live import Live, batches, summary


def problem_events(live):
    return [e for e in live.control if e["type"] == "dev.shelfd.problems.changed"]


@pytest.fixture
def live(scene):
    for name in ("one", "two", "team/three"):
        scene.checkout.skill(name)
    scene.checkout.write("skills/two/notes.md", "notes\n")
    scene.checkout.write("tools/format.yaml", "name: format\ndescription: formats\n")
    scene.checkout.commit("first")
    return Live(scene)


def test_a_new_skill_is_created_once(live):
    live.checkout.skill("four")
    events = live.told()
    assert summary(events) == ["created skill/four"]
    assert events[0]["data"]["batch_last"] is True
    assert events[0]["data"]["commit"] == live.checkout.head()


def test_a_skill_in_new_deep_folders_is_created(live):
    live.checkout.skill("a/b/c/d/e")
    assert summary(live.told()) == ["created skill/a/b/c/d/e"]


def test_the_first_item_of_a_collection_that_was_not_there_is_created(live):
    live.checkout.write("mcps/wiki/server.json", '{"name": "org.example/wiki", "description": "d", "version": "1"}')
    assert summary(live.told()) == ["created mcp/wiki"]


def test_an_edit_is_one_update_with_the_digest_before_and_after(live):
    before = live.scene.published().items["skill/one"]["sha256"]
    live.checkout.skill("one", "Edited.")
    events = live.told()
    assert summary(events) == ["updated skill/one"]
    assert events[0]["data"]["sha256_before"] == before != events[0]["data"]["sha256"]
    assert live.scene.published().items["skill/one"]["git_state"] == "modified"


def test_an_edit_of_a_file_in_a_bundle_updates_its_item(live):
    live.checkout.write("skills/two/notes.md", "other notes\n")
    events = live.told()
    assert summary(events) == ["updated skill/two"]
    assert events[0]["data"]["sha256_before"] == events[0]["data"]["sha256"]
    live.checkout.remove("skills/two/notes.md")
    assert summary(live.told()) == ["updated skill/two"]


def test_a_touch_a_chmod_and_a_rewrite_of_the_same_bytes_tell_nothing(live):
    os.utime(live.checkout.path("skills/one/SKILL.md"))
    os.chmod(live.checkout.path("skills/one/SKILL.md"), 0o600)
    live.checkout.write("skills/one/SKILL.md", live.checkout.read("skills/one/SKILL.md"))
    live.checkout.replace("skills/two/SKILL.md", live.checkout.read("skills/two/SKILL.md"))
    assert live.told() == []


def test_a_renamed_folder_is_deleted_and_created_in_one_batch_that_says_so(live):
    live.checkout.rename("skills/one", "skills/uno")
    events = live.told()
    assert summary(events) == ["created skill/uno", "deleted skill/one"]
    assert len(batches(events)) == 1
    created = next(e for e in events if e["data"]["op"] == "created")
    assert created["data"]["renamed_from"] == "skill/one"


def test_a_renamed_folder_of_folders_moves_every_item_and_is_watched_at_its_new_place(live):
    live.checkout.rename("skills/team", "skills/crew")
    assert summary(live.told()) == ["created skill/crew/three", "deleted skill/team/three"]
    live.checkout.skill("crew/three", "Edited at the new place.")
    live.checkout.skill("crew/four")
    assert summary(live.told()) == ["created skill/crew/four", "updated skill/crew/three"]


def test_a_deleted_folder_deletes_its_item_and_leaves_a_tombstone(live):
    live.checkout.remove("skills/two")
    events = live.told()
    assert summary(events) == ["deleted skill/two"]
    assert live.scene.published().deleted == {"skill/two": events[0]["data"]["rev"]}


def test_a_collection_that_is_deleted_deletes_its_items(live):
    live.checkout.remove("skills")
    assert summary(live.told()) == ["deleted skill/one", "deleted skill/team/three", "deleted skill/two"]
    live.checkout.skill("again")
    assert summary(live.told()) == ["created skill/again"]


def test_a_broken_manifest_keeps_its_last_good_version_and_both_edges_are_told(live):
    good = live.scene.published().items["skill/one"]
    path = "skills/one/SKILL.md"
    live.checkout.write(path, "---\nname: one\ndescription: Use when: never\n---\n")
    events = live.told(stale={"skill/one": good})
    assert summary(events) == ["updated skill/one"]
    have = live.scene.published()
    assert have.items["skill/one"]["state"] == "stale"
    assert have.problems[path][0]["code"] == "yaml-unquoted-colon" and have.problems[path][0]["line"] == 3
    assert len(problem_events(live)) == 1 and path in json.dumps(problem_events(live)[0]["data"])

    live.checkout.write(path, skill("one", "Repaired."))
    events = live.told()
    assert summary(events) == ["updated skill/one"]
    have = live.scene.published()
    assert have.items["skill/one"]["state"] == "ok" and path not in have.problems
    assert len(problem_events(live)) == 1 and path in json.dumps(problem_events(live)[0]["data"])


def test_a_barrier_waits_for_what_a_scan_after_it_finds_broken(live):
    """The folder's events come before the barrier, what is in it is found after it, and then put off."""
    for i in range(10):
        live.checkout.write(f"elsewhere/n{i}/SKILL.md", "---\nname: [\n---\n")
        live.checkout.rename(f"elsewhere/n{i}", f"skills/n{i}")
        assert live.told() == []
        assert f"skills/n{i}/SKILL.md" in live.scene.published().problems


def test_a_manifest_that_recovers_to_its_old_bytes_is_told_as_recovered(live):
    good = live.scene.published().items["skill/one"]
    path = "skills/one/SKILL.md"
    text = live.checkout.read(path)
    live.checkout.write(path, "---\nname: [\n---\n")
    live.told(stale={"skill/one": good})
    live.checkout.write(path, text)
    assert summary(live.told()) == ["updated skill/one"]


def test_one_broken_manifest_stops_and_prunes_no_other(live):
    live.checkout.write("skills/bad/SKILL.md", "---\nname: [\n---\n")
    live.checkout.skill("good")
    assert summary(live.told()) == ["created skill/good"]
    assert "skills/bad/SKILL.md" in live.scene.published().problems


def test_a_broken_manifest_that_is_deleted_takes_its_item_and_problems_along(live):
    good = live.scene.published().items["skill/one"]
    live.checkout.write("skills/one/SKILL.md", "---\nname: [\n---\n")
    live.told(stale={"skill/one": good})
    live.checkout.remove("skills/one")
    assert summary(live.told()) == ["deleted skill/one"]
    assert live.scene.published().problems.keys() & {"skills/one/SKILL.md"} == set()


def test_a_stale_item_stays_over_a_restart(live):
    good = live.scene.published().items["skill/one"]
    live.checkout.write("skills/one/SKILL.md", "---\nname: [\n---\n")
    live.told(stale={"skill/one": good})
    assert live.daemon.stop() == 0
    live.daemon.start()
    assert live.told(stale={"skill/one": good}) == []
    live.checkout.write("skills/one/SKILL.md", skill("one", "Repaired."))
    assert summary(live.told()) == ["updated skill/one"]


def test_the_loser_of_an_id_to_a_broken_manifest_is_told_so_after_a_restart_too(live):
    live.checkout.write("skills/one.md", "---\nname: loser\ndescription: loses\n---\n")
    live.told()
    live.checkout.write("skills/one/SKILL.md", "---\nname: [\n---\n")
    live.daemon.barrier()
    before = live.scene.published()
    assert before.items["skill/one"]["state"] == "stale"
    assert [p["code"] for p in before.problems["skills/one.md"]] == ["duplicate-id"]
    assert live.daemon.stop() == 0
    live.daemon.start()
    live.daemon.barrier()
    after = live.scene.published()
    assert (after.items, after.problems) == (before.items, before.problems)


def test_the_loser_of_an_id_takes_over_when_the_winner_goes(live):
    live.checkout.write("tools/format/tool.yaml", "name: winner\ndescription: entry before flat\n")
    assert summary(live.told()) == ["updated tool/format"]
    live.checkout.remove("tools/format")
    assert summary(live.told()) == ["updated tool/format"]
    assert live.scene.published().items["tool/format"]["path"] == "tools/format.yaml"


def test_a_checkout_that_changes_300_items_is_one_batch_with_the_new_commit(live):
    files = live.checkout
    files.git("checkout", "-q", "-b", "wide")
    for i in range(100):
        files.skill(f"edited-{i}")
        files.skill(f"gone-{i}")
    files.commit("base")
    live.told()
    files.git("checkout", "-q", "-b", "far")
    for i in range(100):
        files.skill(f"edited-{i}", "Edited on the branch.")
        files.remove(f"skills/gone-{i}")
        files.skill(f"new-{i}")
    commit = files.commit("far")
    live.told()
    files.git("checkout", "-q", "wide")
    events = live.told()
    assert len(events) == 300
    files.git("checkout", "-q", "far")
    events = live.told()
    assert summary(events) == sorted([f"updated skill/edited-{i}" for i in range(100)] +
                                     [f"deleted skill/gone-{i}" for i in range(100)] +
                                     [f"created skill/new-{i}" for i in range(100)])
    assert len(batches(events)) == 1
    assert [e["data"]["batch_last"] for e in events] == [False] * 299 + [True]
    assert {e["data"]["commit"] for e in events} == {commit}
    have = live.scene.published()
    assert have.head["commit"] == commit and have.head["branch"] == "far"


def test_a_stash_takes_the_edits_back_and_a_pop_brings_them_again(live):
    files = live.checkout
    files.skill("one", "Edited.")
    files.skill("two", "Edited.")
    files.skill("four")
    assert summary(live.told()) == ["created skill/four", "updated skill/one", "updated skill/two"]
    files.git("stash", "-q", "-u")
    events = live.told()
    assert summary(events) == ["deleted skill/four", "updated skill/one", "updated skill/two"]
    files.git("stash", "pop", "-q")
    events = live.told()
    # A stash is several git commands in a row: how many batches they make depends on how long git waits in between.
    assert summary(events) == ["created skill/four", "updated skill/one", "updated skill/two"]


def test_a_commit_moves_only_the_items_whose_git_state_it_changes(live):
    live.checkout.skill("one", "Edited.")
    live.checkout.skill("four")
    live.told()
    live.checkout.commit("second")
    events = live.told()
    assert summary(events) == ["updated skill/four", "updated skill/one"]
    assert {e["data"]["commit"] for e in events} == {live.checkout.head()}
    have = live.scene.published()
    assert have.items["skill/one"]["git_state"] == have.items["skill/four"]["git_state"] == "committed"


def test_an_empty_commit_and_a_new_branch_move_no_item(live):
    live.checkout.git("checkout", "-q", "-b", "other")
    live.checkout.commit("empty")
    assert live.told() == []


def test_what_git_ignores_is_no_item_until_the_rule_goes(live):
    live.checkout.write(".gitignore", "skills/private/\n")
    live.checkout.skill("private/diary")
    assert live.told() == []
    live.checkout.remove(".gitignore")
    assert summary(live.told()) == ["created skill/private/diary"]
    live.checkout.write(".gitignore", "skills/private/\n")
    assert summary(live.told()) == ["deleted skill/private/diary"]


def test_an_ignore_file_that_gits_configuration_names_from_now_on_counts(live):
    live.checkout.skill("untracked")
    live.told()
    rules = os.path.join(live.scene.folder, "rules")
    with open(rules, "w", encoding="utf-8") as file:
        file.write("untracked/\n")
    live.checkout.git("config", "core.excludesFile", rules)
    assert summary(live.told()) == ["deleted skill/untracked"]
    live.checkout.git("config", "--unset", "core.excludesFile")
    assert summary(live.told()) == ["created skill/untracked"]


def test_an_ignore_file_that_comes_and_goes_with_its_folder_counts(live):
    files = live.checkout
    for top in ("skills/x", "elsewhere/x"):
        files.write(f"{top}/SKILL.md", skill("x", f"In {top}."))
        files.write(f"{top}/data.json", "{}")
    files.write("elsewhere/x/.gitignore", "*.json\n")
    live.told()
    assert live.scene.published().items["skill/x"]["files"] == "2"
    for number in ("1", "2"):
        files.rename("skills/x", "elsewhere/aside")
        files.rename("elsewhere/x", "skills/x")
        files.rename("elsewhere/aside", "elsewhere/x")
        live.told()
        assert live.scene.published().items["skill/x"]["files"] == number


def test_editors_temporary_files_are_never_items(live):
    for name in (".one.md.swp", "4913", "one.md~", "#one.md#", ".#one.md", "one.tmp", ".goutputstream-ABC"):
        live.checkout.write(f"skills/{name}", skill("no"))
        live.checkout.write(f"tools/{name}", "name: no\n")
    assert live.told() == []


def test_events_are_cloudevents_with_all_that_the_protocol_names(live):
    before = live.scene.published()
    live.checkout.skill("one", "Edited.", version="1.2.0")
    event = live.told()[0]
    have = live.scene.published()
    item = have.items["skill/one"]
    assert {k: v for k, v in event.items() if k not in ("data", "time")} == {
        "specversion": "1.0", "id": f"{have.head['generation']}.{item['rev']}", "source": "/shelfd/main",
        "type": "dev.shelfd.item.updated", "subject": "skill/one", "datacontenttype": "application/json"}
    assert event["time"] == item["updated_at"]
    assert have.head["batch"].startswith(event["data"]["batch"] + "/")
    assert event["data"] == {
        "generation": have.head["generation"], "rev": int(item["rev"]), "batch": event["data"]["batch"],
        "type_rev_before": int(before.head["type_rev:skill"]), "batch_last": True, "op": "updated", "type": "skill", "id": "one", "path": "skills/one/SKILL.md",
        "sha256": item["sha256"], "sha256_before": before.items["skill/one"]["sha256"],
        "bundle_sha256": item["bundle_sha256"], "version": "1.2.0", "commit": live.checkout.head()}


def test_history_keeps_the_last_twenty_versions_of_an_item(live):
    for i in range(25):
        live.checkout.skill("one", f"Version {i}.", version=f"1.{i}")
        live.told()
    item = live.scene.published().items["skill/one"]
    rows = live.scene.server.client().xrange("shelf:{main}:history:skill/one")
    assert len(rows) == 20
    assert rows[-1][0] == f"{item['rev']}-0"
    assert rows[-1][1]["version"] == "1.24" and rows[-1][1]["sha256"] == item["sha256"]
    assert rows[-1][1]["op"] == "updated"


def test_an_event_of_very_long_names_keeps_to_its_size(live):
    long = "ü" * 120 + "/" + "n" * 250
    live.checkout.skill(long)
    live.told()
    live.checkout.rename("skills/" + "ü" * 120, "skills/" + "ä" * 120)
    events = live.told()
    assert summary(events) == sorted([f"created skill/{long.replace('ü', 'ä')}", f"deleted skill/{long}"])


def test_a_private_folder_that_somebody_removes_is_made_anew(live):
    private = os.path.join(live.daemon.settings["runtime_dir"], "barrier")
    rescans = live.daemon.status()["watch"]["rescans"]
    os.rmdir(private)
    live.checkout.skill("one", "Edited.")
    assert summary(live.told()) == ["updated skill/one"]
    assert os.path.isdir(private)
    live.checkout.skill("one", "Edited again.")
    assert summary(live.told()) == ["updated skill/one"]
    assert live.daemon.status()["watch"]["rescans"] == rescans
