"""shelfd --once on real and small checkouts."""
import os
import re
import shutil
import urllib.parse

import pytest
import yaml

import oracle.names
import oracle.published
from oracle.published import prefix
from support.checkout import Checkout
from support.daemon import SOURCE
from support.layouts import LAYOUTS, lay_out

COUNTS = re.compile(r"^sync complete: (\d+) created, (\d+) updated, (\d+) deleted, (\d+) unchanged, (\d+) errors? "
                    r"in \d+\.\d\d s$", re.M)


def counts(done):
    """(created, updated, deleted, unchanged, errors) of the closing line."""
    found = COUNTS.search(done.stdout)
    assert found, done.stdout + done.stderr
    return tuple(map(int, found.groups()))


def configured_once(scene, collections):
    """--once with these collections; None: with the default ones and no configuration file."""
    if collections is None:
        return scene.once()
    config = os.path.join(scene.folder, "shelfd.yaml")
    with open(config, "w", encoding="utf-8") as file:
        yaml.safe_dump({"collections": collections}, file)
    return scene.once("-c", config)


def real(scene, name, corpus):
    collections, scene.collections, number = lay_out(name, corpus, scene.checkout)
    return collections, number, scene.checkout.commit("real manifests")


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_real_collection_is_in_redis_as_the_oracle_says(scene, corpus, name):
    collections, number, commit = real(scene, name, corpus)
    done = configured_once(scene, collections)
    assert counts(done) == (number, 0, 0, 0, 0)
    have = scene.check(commit=commit)
    assert len(have.items) == number
    assert have.head["commit"] == commit and have.head["branch"] == "main"
    assert all(item["git_state"] == "committed" for item in have.items.values())


def test_capabilities_give_their_identifiers_versions_and_dependencies(scene, corpus):
    collections, _, _ = real(scene, "capabilities-chora", corpus)
    configured_once(scene, collections)
    items = scene.published().items
    for file in (corpus / "capabilities-chora" / "capabilities").glob("*.yaml"):
        document = yaml.safe_load(file.read_text())
        item = items["capability/" + document["metadata"]["dc_identifier"]]
        assert item.get("version") == document["metadata"].get("dc_hasVersion")
        assert yaml.safe_load(item.get("dependencies", "[]")) == document.get("dc_relation", {}).get("requires", [])


@pytest.mark.parametrize("source, target, items, broken", [
    ("skills-broken/tests", "skills", 83, 4), ("mcps-mcpm/mcp-registry/servers", "mcps", 380, 0)])
def test_real_manifests_that_are_broken_or_flat_are_judged_as_the_oracle_does(scene, corpus, source, target, items, broken):
    shutil.copytree(corpus / source, scene.checkout.path(target), copy_function=shutil.copyfile)
    os.chmod(scene.checkout.path(target), 0o755)
    done = scene.once()
    assert counts(done) == (items, 0, 0, 0, broken)
    have = scene.check()
    assert len(have.items) == items and all(item["git_state"] == "untracked" for item in have.items.values())


def test_the_example_catalog_is_published_without_a_problem(scene):
    shutil.copytree(SOURCE / "etc" / "example", scene.checkout.root, dirs_exist_ok=True, copy_function=shutil.copyfile)
    scene.checkout.commit()
    done = scene.once()
    have = scene.check()
    assert counts(done) == (len(have.items), 0, 0, 0, 0)
    assert {item["type"] for item in have.items.values()} == {"skill", "mcp", "tool"}
    assert have.problems == {}


@pytest.mark.parametrize("name", ["skills-wshobson", "capabilities-chora"])
def test_a_second_run_on_an_unchanged_tree_changes_nothing_and_tells_nobody(scene, corpus, name):
    collections, number, _ = real(scene, name, corpus)
    configured_once(scene, collections)
    before = scene.published()
    subscriber = scene.subscriber()
    done = configured_once(scene, collections)
    assert counts(done) == (0, 0, 0, number, 0)
    after = scene.check()
    assert after.head["rev"] == before.head["rev"] == str(number)
    assert after.head["generation"] == before.head["generation"]
    assert after.items == before.items
    subscriber.drain()
    assert subscriber.changes() == []
    assert subscriber.control("dev.shelfd.catalog.reset") == []
    assert subscriber.control("dev.shelfd.problems.changed") == []


def test_a_later_run_publishes_only_the_difference(scene):
    for name in ("kept", "edited", "gone"):
        scene.checkout.skill(name)
    scene.checkout.commit()
    assert counts(scene.once()) == (3, 0, 0, 0, 0)
    kept = scene.published().items["skill/kept"]
    scene.checkout.skill("edited", "Another description.")
    scene.checkout.remove("skills/gone")
    scene.checkout.skill("new")
    assert counts(scene.once()) == (1, 1, 1, 1, 0)
    have = scene.check()
    assert have.items["skill/kept"] == kept
    assert have.items["skill/edited"]["created_rev"] < have.items["skill/edited"]["rev"]
    assert have.deleted == {"skill/gone": 6}


def test_a_first_sync_of_thousands_is_one_batch_and_gives_each_id_to_its_winner_at_once(scene):
    for i in range(3000):
        scene.checkout.skill(f"g{i % 20}/s{i}")
    for i in range(0, 3000, 10):  # the folder wins
        scene.checkout.write(f"skills/g{i % 20}/s{i}.md", f"---\nname: flat {i}\ndescription: loses\n---\n")
    for i in range(300):
        scene.checkout.write(f"tools/t{i}.yaml", f"name: t{i}\n")
        scene.checkout.write(f"tools/t{i}.json", '{"name": "json"}')
    scene.checkout.write("skills/zz/SKILL.md", "---\nname: [\n---\n")
    done = counts(scene.once())
    assert done[:4] == (3300, 0, 0, 0)
    have = scene.check()
    assert len(have.items) == 3300 and len(have.problems) == 601
    events = scene.changes()
    assert {e["data"]["op"] for e in events} == {"created"}
    assert len({e["data"]["batch"] for e in events}) == 1
    assert counts(scene.once())[:4] == (0, 0, 0, 3300)


def test_broken_manifests_count_as_errors_and_leave_the_status_zero(scene):
    scene.checkout.skill("good")
    scene.checkout.write("skills/bad/SKILL.md", "---\nname: [\n---\n")
    assert counts(scene.once()) == (1, 0, 0, 0, 1)
    scene.check()


def test_outside_git_there_are_no_git_fields_but_the_blob_id(scene):
    shutil.rmtree(scene.checkout.path(".git"))
    scene.checkout.skill("one")
    assert counts(scene.once()) == (1, 0, 0, 0, 0)
    have = scene.check()
    item = have.items["skill/one"]
    assert "git_blob" in item and "git_state" not in item and "commit" not in item
    assert not have.head.get("commit") and not have.head.get("branch")


def test_before_the_first_commit_everything_is_untracked(scene):
    scene.checkout.skill("one")
    scene.once()
    have = scene.check()
    assert have.items["skill/one"]["git_state"] == "untracked" and "commit" not in have.items["skill/one"]


def test_a_linked_work_tree_is_a_checkout_too(scene):
    scene.checkout.skill("one")
    scene.checkout.commit()
    linked = os.path.join(scene.folder, "linked")
    scene.checkout.git("worktree", "add", "-q", "-b", "other", linked)
    scene.checkout = Checkout(linked)
    scene.checkout.skill("two")
    scene.once()
    have = scene.check()
    assert have.head["branch"] == "other"
    assert have.items["skill/two"]["git_state"] == "untracked"


def test_a_dry_run_says_what_would_change_and_writes_nothing(scene):
    for name in ("kept", "edited", "gone"):
        scene.checkout.skill(name)
    client = scene.redis()
    done = scene.once("--dry-run")
    assert sorted(line for line in done.stdout.splitlines() if line.startswith("+")) == [
        f"+ skill/{name} skills/{name}/SKILL.md" for name in ("edited", "gone", "kept")]
    assert "would" in done.stdout.splitlines()[-1]
    assert client.keys("*") == []

    scene.once()
    before = scene.published(), client.info("persistence")["rdb_changes_since_last_save"]
    scene.checkout.skill("edited", "Another description.")
    scene.checkout.remove("skills/gone")
    scene.checkout.skill("new")
    done = scene.once("--dry-run")
    assert sorted(done.stdout.splitlines()[:3]) == [
        "+ skill/new skills/new/SKILL.md", "- skill/gone skills/gone/SKILL.md", "~ skill/edited skills/edited/SKILL.md"]
    assert (scene.published(), client.info("persistence")["rdb_changes_since_last_save"]) == before


def test_two_catalogs_share_a_redis_without_touching_each_other(scene):
    scene.checkout.skill("one")
    scene.once()
    scene.checkout.skill("two")
    scene.server.allow("second")
    scene.once("--catalog", "second")
    assert sorted(scene.published().items) == ["skill/one"]
    assert sorted(oracle.published.take(scene.server.client(), "second").items) == ["skill/one", "skill/two"]


def test_a_database_of_the_address_is_used(scene):
    scene.checkout.skill("one")
    scene.redis()
    scene.server.url += "?db=3"
    scene.once()
    assert scene.server.client().dbsize() == 0
    assert scene.server.client(db=3).hget(prefix() + "head", "items") == "1"


def test_a_value_that_yaml_reads_as_something_else_stays_what_was_written(scene):
    scene.checkout.write("tools/t.yaml", "name: t\nversion: 1.10\ncountry: no\ndate: 2020-01-01\nbig: 12345678901234567890\n"
                         "tags: one\ndependencies: [a, {b: 1.0}]\nowner: Ada\nstatus: draft\nnull: ~\n")
    scene.once()
    item = scene.check().items["tool/t"]
    assert item["version"] == "1.10" and item["tags"] == '["one"]' and item["dependencies"] == '["a",{"b":1}]'
    assert item["owner"] == "Ada" and item["status"] == "draft"
    assert '"country":"no"' in item["metadata"] and '"date":"2020-01-01"' in item["metadata"]


def test_a_name_with_a_newline_an_escape_and_every_byte_has_one_key_and_back(scene):
    every = bytes(b for b in range(1, 256) if b not in b"/")
    raws = [b"x" + every[i:i + 64] for i in range(0, len(every), 64)]
    for raw in raws:
        folder = os.path.join(os.fsencode(scene.checkout.root), b"skills", raw)
        os.makedirs(folder)
        with open(folder + b"/SKILL.md", "wb") as file:
            file.write(b"---\nname: odd\ndescription: odd\n---\n")
    scene.once()
    have = scene.check()
    assert {item["id"] for item in have.items.values()} == {oracle.names.encode(raw) for raw in raws}
    assert {urllib.parse.unquote_to_bytes(item["id"]) for item in have.items.values()} == set(raws)
