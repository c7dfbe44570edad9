"""shelfctl doctor: each check when all is well, and when it is not."""
import json
import os
import shutil
import subprocess

import pytest

from oracle.published import prefix
from support.daemon import SHELFCTL, environment
from support.redisserver import RedisServer
from support.waiting import PATIENCE, until

ALONE = ["daemon", "redis", "redis-memory", "redis-rights", "clock", "source", "owner", "file-system", "letter-case",
         "watches", "instances", "event-queue", "probe"]


class Found:
    def __init__(self, done):
        self.code = done.returncode
        self.object = json.loads(done.stdout)
        self.rows = {row["name"]: row for row in self.object["checks"]}
        assert len(self.rows) == len(self.object["checks"])
        for row in self.rows.values():
            assert row["text"] and (row["status"] == "ok") == ("hint" not in row), row

    def statuses(self):
        return {name: row["status"] for name, row in self.rows.items()}

    def not_ok(self):
        return {name for name, row in self.rows.items() if row["status"] != "ok"}

    def failed(self):
        return {name for name, row in self.rows.items() if row["status"] == "failed"}


@pytest.fixture
def doctor(scene):
    """A function that runs it for the scene, and what it found. Words: a command that runs it."""
    scene.checkout.skill("one")
    scene.checkout.commit()

    def run(*arguments, words=(), **env):
        daemon = scene.daemons[0] if scene.daemons else scene.daemon()
        anyone = () if "--redis" in arguments else ("--redis", scene.server.address)
        done = subprocess.run([*words, SHELFCTL, "-c", daemon.config, "doctor", "--json", *anyone, *arguments],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=2 * PATIENCE,
                              env=environment(daemon.folder, **env), cwd=daemon.folder, check=False)
        found = Found(done)
        assert "runtime error" not in done.stderr and "Sanitizer" not in done.stderr, done.stderr
        assert found.code == (5 if found.failed() else 0)
        assert found.object["failed"] == len(found.failed())
        assert found.object["warnings"] == len(found.not_ok()) - len(found.failed())
        return found
    return run


def in_namespace(*settings):
    """A command that runs a program in a user namespace with such sysctls: "max_inotify_watches=2"."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("no unshare(1)")
    script = "".join(f"echo {value} >/proc/sys/user/{name} && " for name, value in (s.split("=") for s in settings))
    words = [unshare, "-Ur", "sh", "-c", script + 'exec "$@"', "sh"]
    if subprocess.run([*words, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no user namespace can be made here")
    return words


def test_beside_a_healthy_shelfd_nothing_has_failed(scene, doctor):
    scene.daemon().start()
    found = doctor()
    assert found.failed() == set()
    assert set(found.rows) >= {*ALONE, "publishing", "watching", "overflows"}
    assert str(scene.daemons[0].process.pid) in found.rows["daemon"]["text"]
    assert scene.server.address in found.rows["redis"]["text"]
    assert "private folder" in found.rows["probe"]["text"]
    assert found.statuses()["watching"] == "ok"


def test_it_changes_nothing(scene, doctor):
    daemon = scene.daemon().start()
    before = scene.rev(), sorted(scene.server.client().keys()), sorted(os.listdir(daemon.settings["runtime_dir"]))
    subscriber = scene.subscriber()
    doctor()
    daemon.barrier()
    assert before == (scene.rev(), sorted(scene.server.client().keys()),
                      sorted(os.listdir(daemon.settings["runtime_dir"])))
    subscriber.drain()
    assert subscriber.changes() == []
    assert os.listdir(os.path.join(daemon.settings["runtime_dir"], "barrier")) == []


def test_without_a_daemon_it_is_the_only_failure_and_a_probe_of_its_own_is_made(scene, doctor):
    found = doctor()
    assert list(found.rows) == ALONE
    assert found.failed() == {"daemon"}
    assert scene.daemons[0].control in found.rows["daemon"]["text"]
    assert os.listdir(scene.daemons[0].settings["runtime_dir"]) == []


def test_without_a_runtime_folder_the_probe_is_made_elsewhere(scene, doctor, tmp_path):
    scene.daemon(runtime_dir="/nowhere")
    found = doctor(TMPDIR=str(tmp_path))
    assert found.statuses()["probe"] == "ok" and list(tmp_path.iterdir()) == []


def test_text_has_a_line_for_each_check_and_says_what_to_do(scene, doctor):
    found = doctor()
    done = scene.shelfctl("-c", scene.daemons[0].config, "--redis", scene.server.address, "doctor", check=5)
    lines = done.stdout.splitlines()
    assert [tuple(line.split()[:2]) for line in lines if not line.startswith(" ")] == [
        (row["status"], name) for name, row in found.rows.items()]
    assert lines[1].strip() == found.rows["daemon"]["hint"]


def test_redis_away_is_a_failure_and_shelfd_is_not_asked_for_what_it_cannot_do(scene, doctor):
    daemon = scene.daemon().start()
    scene.server.stop()
    until("shelfd says why", lambda: daemon.status()["redis"]["condition"])
    found = doctor()
    assert found.failed() == {"redis", "publishing"}
    assert scene.server.address in found.rows["redis"]["text"]
    assert found.statuses()["probe"] == "ok" and "private folder" not in found.rows["probe"]["text"]


def test_a_wrong_password_is_said(scene, doctor):
    scene.redis("--requirepass", "right-one")
    found = doctor()
    assert found.statuses()["redis"] == "failed" and "password" in found.rows["redis"]["hint"]


def test_missing_permissions_are_named_and_the_advice_mends_them(scene, doctor):
    client = scene.redis()
    client.execute_command("ACL", "SETUSER", "admin", "on", ">x", "~*", "&*", "+@all")
    admin = scene.server.client(username="admin", password="x")
    admin.ping()
    admin.execute_command("ACL", "SETUSER", "default", "resetchannels", f"&{prefix()}events:skill", "-hincrby")
    found = doctor()
    assert found.failed() == {"daemon", "redis-rights"}
    row = found.rows["redis-rights"]
    assert row["text"] == (f"not permitted: HINCRBY {prefix()}head, PUBLISH {prefix()}events:control")
    admin.execute_command("ACL", "SETUSER", "default", "reset", "on", "nopass")
    assert "redis-rights" in doctor().failed()
    words = row["hint"].split()
    assert words[:3] == ["ACL", "SETUSER", "NAME"]
    admin.execute_command("ACL", "SETUSER", "default", *words[3:])
    assert doctor().failed() == {"daemon"}
    daemon = scene.daemons[0]
    daemon.start()
    daemon.barrier()
    assert admin.exists(f"{prefix()}item:skill/one")


def test_the_rights_of_shelfd_are_enough_to_see_that_they_are(scene, doctor):
    scene.redis()
    found = doctor("--redis", scene.server.url)
    assert found.failed() == {"daemon"} and found.statuses()["redis-rights"] == "ok"
    assert "INFO is not permitted" in found.rows["redis"]["text"]
    assert "redis-rights" in doctor("--redis", scene.server.reader).failed()


def test_a_replica_is_a_failure(scene, doctor):
    scene.redis().replicaof("127.0.0.1", 1)
    assert "replica" in doctor().rows["redis"]["text"] and "redis" in doctor().failed()


def test_a_redis_that_may_throw_keys_away_is_a_warning(scene, doctor):
    scene.redis("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
    row = doctor().rows["redis-memory"]
    assert row["status"] == "warning" and "allkeys-lru" in row["text"] and "noeviction" in row["hint"]


def test_a_root_that_is_not_there_is_a_failure(scene, doctor):
    scene.redis()
    os.rename(scene.checkout.root, scene.checkout.root + "-away")
    found = doctor()
    assert found.failed() == {"daemon", "source"} and scene.checkout.root in found.rows["source"]["text"]
    os.mkdir(scene.checkout.root)
    found = doctor()
    assert found.failed() == {"daemon", "source"} and "is empty" in found.rows["source"]["text"]


def test_a_lost_root_is_a_failure_until_it_is_back(scene, doctor):
    daemon = scene.daemon().start()
    os.rename(scene.checkout.root, scene.checkout.root + "-away")
    until("the source is lost", lambda: daemon.status()["watch"]["mode"] == "lost")
    assert doctor().failed() == {"source", "watching"}
    os.rename(scene.checkout.root + "-away", scene.checkout.root)
    until("the source is back", lambda: daemon.status()["watch"]["mode"] == "inotify")
    assert doctor().failed() == set()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("path", [".", ".git"])
def test_a_foreign_owner_is_a_failure_unless_it_is_trusted(scene, doctor, path):
    scene.daemon()
    os.chown(scene.checkout.path(path), 12345, -1)
    found = doctor()
    assert found.failed() == {"daemon", "owner"}
    assert "12345" in found.rows["owner"]["text"] and "UID 0" in found.rows["owner"]["text"]
    # shelfd says the same.
    assert "12345" in scene.shelfd("-c", scene.daemons[0].config, "--once", check=1).stderr
    scene.daemons[0].configure(source={"root": scene.checkout.root, "trust_owner": True})
    assert doctor().failed() == {"daemon"}
    # As for git, the user who called sudo is trusted too.
    scene.daemons[0].configure(source={"root": scene.checkout.root})
    assert doctor(SUDO_UID="12345").failed() == {"daemon"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_git_directory_of_a_linked_work_tree_counts_too(scene, doctor):
    linked = os.path.join(scene.folder, "linked")
    scene.checkout.git("worktree", "add", "-q", linked)
    scene.daemon(source={"root": linked})
    assert doctor().failed() == {"daemon"}
    os.chown(scene.checkout.path(".git", "worktrees", "linked"), 12345, -1)
    found = doctor()
    assert found.failed() == {"daemon", "owner"} and "worktrees/linked" in found.rows["owner"]["text"]


def test_outside_of_git_there_is_no_owner_to_check(scene, doctor):
    plain = os.path.join(scene.folder, "plain")
    os.makedirs(os.path.join(plain, "skills"))
    scene.daemon(source={"root": plain})
    assert "no git checkout" in doctor().rows["owner"]["text"]


def test_the_file_system_has_its_name(scene, doctor):
    kind = subprocess.run(["df", "--output=fstype", scene.checkout.root], capture_output=True, text=True,
                          check=True).stdout.split()[-1]
    assert kind and doctor().rows["file-system"]["text"].startswith(f"{kind}: ")


def test_letter_case_of_a_folder_with_two_links_to_one_file_is_told_right(scene, doctor):
    scene.checkout.write("README", "x")
    os.link(scene.checkout.path("README"), scene.checkout.path("readme"))
    assert doctor().statuses()["letter-case"] == "ok"


def test_a_low_limit_of_watches_is_named_with_its_value_and_the_need(scene, doctor):
    scene.redis()
    for i in range(20):
        scene.checkout.skill(f"s{i}")
    # The root, skills, one and the twenty.
    row = doctor(words=in_namespace("max_inotify_watches=22")).rows["watches"]
    assert row["status"] == "failed"
    assert row["text"] == "user.max_inotify_watches is 22, and 23 folders need a watch"
    assert "sysctl -w user.max_inotify_watches=" in row["hint"]
    assert doctor(words=in_namespace("max_inotify_watches=200")).statuses()["watches"] == "ok"


def test_no_free_instance_of_inotify_is_a_failure_and_the_sysctl_is_named(scene, doctor):
    scene.redis()
    found = doctor(words=in_namespace("max_inotify_instances=0"))
    assert {"instances", "probe"} <= found.failed()
    assert "user.max_inotify_instances is 0" in found.rows["instances"]["text"]
    assert "sysctl -w user.max_inotify_instances=" in found.rows["instances"]["hint"]


def test_a_shelfd_that_reached_the_limit_is_a_failure(scene, doctor):
    for i in range(20):
        scene.checkout.skill(f"s{i}")
    daemon = scene.daemon()
    daemon.prefix = in_namespace("max_inotify_watches=15")
    daemon.start()
    found = doctor()
    assert found.statuses()["watches"] == "failed" and found.statuses()["watching"] == "warning"


def test_a_second_shelfd_of_the_catalog_is_a_standby(scene, doctor):
    standby = scene.daemon("second")
    first = scene.daemon("first").start()
    first.barrier()
    standby.start(wait=False)
    until("it is the standby", lambda: os.path.exists(standby.control)
          and standby.status()["redis"]["state"] == "standby")
    found = doctor()
    assert found.statuses()["publishing"] == "warning" and found.failed() == set()


def test_an_unusable_configuration_is_no_diagnosis(scene):
    bad = os.path.join(scene.folder, "bad.yaml")
    with open(bad, "w", encoding="utf-8") as file:
        file.write("redsi: {}\n")
    done = scene.shelfctl("-c", bad, "doctor", check=1)
    assert done.stdout == "" and "bad.yaml:1:1" in done.stderr


def test_another_redis_than_the_daemon_has_can_be_named(scene, doctor):
    other = RedisServer(os.path.join(scene.folder, "other")).start()
    try:
        assert other.address in doctor("--redis", other.reader).rows["redis"]["text"]
    finally:
        other.stop()
