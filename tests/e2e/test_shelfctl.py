"""shelfctl, as a person and as a script use it."""
import json
import os
import signal
import subprocess

import pytest

import oracle.canonical
import oracle.checkout
import oracle.document
from support.daemon import SHELFCTL, environment
from support.waiting import Deadline, until


@pytest.fixture
def shelf(scene):
    """A published catalog without a daemon, and shelfctl pointed at it."""
    scene.checkout.skill("one", version="1.2.0")
    scene.checkout.skill("two")
    scene.checkout.write("tools/format.yaml", "name: format\ndescription: formats\n")
    scene.checkout.write("skills/bad/SKILL.md", "---\nname: bad\ndescription: Use when: never\n---\n")
    scene.checkout.commit()
    scene.once()
    scene.environment = {"SHELFD_REDIS_URL": scene.server.url}
    return scene


def ctl(scene, *arguments, check=0, **options):
    return scene.shelfctl(*arguments, check=check, **scene.environment, **options)


def rows(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_ls_lists_every_item_and_one_type(shelf):
    done = ctl(shelf, "ls")
    for word in ("one", "two", "format", "1.2.0"):
        assert word in done.stdout
    assert "one" not in ctl(shelf, "ls", "tool").stdout


def test_ls_as_json_has_each_item_as_redis_has_it(shelf):
    listed = rows(ctl(shelf, "ls", "--json"))
    items = shelf.published().items
    assert sorted(f"{row['type']}/{row['id']}" for row in listed) == sorted(items)
    one = next(row for row in listed if row["id"] == "one")
    assert one["sha256"] == items["skill/one"]["sha256"] and one["version"] == "1.2.0"


def test_show_gives_all_fields_of_an_item(shelf):
    item = shelf.published().items["skill/one"]
    text = ctl(shelf, "show", "skill/one").stdout
    for field in ("sha256", "bundle_sha256", "path", "version", "git_state"):
        assert item[field] in text
    shown = json.loads(ctl(shelf, "show", "skill/one", "--json").stdout)
    assert shown["sha256"] == item["sha256"] and shown["metadata"] == json.loads(item["metadata"])


def test_show_of_what_is_not_there_is_a_failure_that_says_so(shelf):
    done = ctl(shelf, "show", "skill/none", check=1)
    assert "skill/none" in done.stderr and done.stdout == ""


def test_problems_shows_path_line_and_code(shelf):
    text = ctl(shelf, "problems", check=None).stdout
    assert "skills/bad/SKILL.md:3:" in text and "yaml-unquoted-colon" in text


def test_status_tells_revision_and_counts(shelf):
    status = json.loads(ctl(shelf, "status", "--json", check=None).stdout)
    head = shelf.published().head
    assert status["generation"] == head["generation"] and status["rev"] == int(head["rev"])
    assert status["items"] == 3 and status["problems"] == int(head["problems"]) >= 1


def test_lint_needs_neither_daemon_nor_redis_and_ends_with_5_for_findings(scene):
    scene.checkout.skill("good")
    scene.checkout.write("skills/bad/SKILL.md", "---\nname: bad\ndescription: Use when: never\n---\n")
    done = scene.shelfctl("lint", scene.checkout.root, check=5)
    assert "skills/bad/SKILL.md:3:" in done.stdout and "[yaml-unquoted-colon]" in done.stdout
    scene.checkout.remove("skills/bad")
    scene.shelfctl("lint", scene.checkout.root, check=0)


def test_explain_tells_of_a_code_and_suggests_one(scene):
    assert "quote" in scene.shelfctl("explain", "yaml-unquoted-colon", check=0).stdout
    done = scene.shelfctl("explain", "yaml-unquoted-color")
    assert done.returncode in (1, 2) and "yaml-unquoted-colon" in done.stderr


def test_parse_gives_what_shelfd_would_make_of_a_file(shelf):
    parsed = json.loads(ctl(shelf, "parse", "--json", shelf.checkout.path("skills/one/SKILL.md")).stdout)
    item = shelf.published().items["skill/one"]
    assert parsed["sha256"] == item["sha256"] and parsed["metadata_sha256"] == item["metadata_sha256"]
    assert parsed["metadata"] == json.loads(item["metadata"])
    ctl(shelf, "parse", shelf.checkout.path("skills/bad/SKILL.md"), check=5)


def test_a_wrong_verb_is_a_usage_error_with_a_suggestion(scene):
    done = scene.shelfctl("statsu", check=2)
    assert "status" in done.stderr


def test_without_a_daemon_sync_ends_with_3_and_without_a_redis_ls_ends_with_6(scene):
    done = scene.shelfctl("sync", check=3)
    assert "daemon" in done.stderr or "shelfd" in done.stderr
    done = scene.shelfctl("ls", check=6, SHELFD_REDIS_URL=f"unix://{scene.folder}/none.sock")
    assert "none.sock" in done.stderr


def test_sync_waits_until_everything_is_published(scene):
    scene.checkout.skill("one")
    daemon = scene.daemon().start()
    scene.checkout.skill("one", "Edited.")
    done = scene.shelfctl("sync", "--wait", check=0, SHELFD_RUNTIME_DIR=daemon.settings["runtime_dir"])
    assert done.returncode == 0
    scene.check()
    scene.checkout.skill("one", "Edited again.")
    scene.shelfctl("sync", "--wait", "skills/one", check=0, SHELFD_RUNTIME_DIR=daemon.settings["runtime_dir"])
    scene.check()


class Watch:
    """shelfctl watch --json in the background."""

    def __init__(self, scene, *arguments):
        self.path = os.path.join(scene.folder, "watch.out")
        self.out = open(self.path, "wb")
        self.process = subprocess.Popen([SHELFCTL, "watch", "--json", *arguments], stdout=self.out,
                                        stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                        env=environment(scene.folder, SHELFD_REDIS_URL=scene.server.url))

    def rows(self):
        with open(self.path, encoding="utf-8") as file:
            lines = file.read().split("\n")[:-1]
        return [row.get("data", row) for row in map(json.loads, lines) if "rev" in row.get("data", row)]

    def wait_rows(self, number):
        return until(f"{number} changes are shown", lambda: len(self.rows()) >= number and self.rows())

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(Deadline().left())
        self.out.close()


@pytest.fixture
def watch():
    made = []

    def start(*arguments):
        made.append(Watch(*arguments))
        return made[-1]
    yield start
    for each in made:
        each.end()


def test_watch_since_0_prints_every_change_once_in_order_over_restarts(scene, watch):
    for i in range(20):
        scene.checkout.skill(f"s{i}")
    scene.redis("--appendonly", "yes", "--appendfsync", "always")
    daemon = scene.daemon().start()
    watching = watch(scene, "--since", "0")
    watching.wait_rows(20)
    daemon.stop()
    scene.server.stop()
    scene.server.start()
    daemon.start()
    scene.checkout.skill("s0", "Edited after both restarts.")
    daemon.barrier()
    shown = watching.wait_rows(21)
    assert [row["rev"] for row in shown] == list(range(1, 22))
    assert (shown[-1]["op"], shown[-1]["id"]) == ("updated", "s0")


def test_watch_prints_from_now_on_by_default(scene, watch):
    scene.checkout.skill("s0")
    daemon = scene.daemon().start()
    watching = watch(scene)

    def shown():
        scene.checkout.skill("s0", f"Edit at {scene.rev()}.")
        daemon.barrier()
        return watching.rows()
    found = until("a change is shown", shown)
    assert all(row["rev"] > 1 for row in found)


def test_what_a_manifest_says_can_not_touch_the_terminal(shelf):
    shelf.checkout.write("skills/evil/SKILL.md", '---\nname: "\\e[31mred"\ndescription: "\\u202Eevil"\n---\n')
    shelf.once()
    for arguments in (("ls",), ("show", "skill/evil"), ("problems",)):
        text = ctl(shelf, *arguments, check=None).stdout
        assert "\x1b" not in text and "\u202e" not in text


def test_a_catalog_that_is_not_there_is_told(scene):
    scene.redis()
    done = scene.shelfctl("ls", check=None, SHELFD_REDIS_URL=scene.server.url)
    assert done.returncode in (0, 1) and "main" in done.stderr


def test_a_parse_agrees_with_the_oracle_over_all_real_manifests(corpus, scene):
    folder = corpus / "skills-claude-mpm"
    for path in sorted(folder.rglob("SKILL.md"))[:40]:
        done = scene.shelfctl("parse", "--json", str(path), check=None)
        data = path.read_bytes()
        said = oracle.document.read(data, b"SKILL.md", "x", oracle.checkout.default_collections()[0])
        assert json.loads(done.stdout)["metadata"] == json.loads(oracle.canonical.dumps(said.metadata)), path
