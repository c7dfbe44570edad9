"""Redis goes away, comes back, forgets; shelfd is killed: what is published afterwards is what is on disk, once."""
import os
import signal
import socket

import pytest

from oracle.published import prefix
from support.daemon import Control
from support.waiting import until

RESET = "dev.shelfd.catalog.reset"
PERSISTENT = ("--appendonly", "yes", "--appendfsync", "always")


def some_skills(scene, number=5):
    for i in range(number):
        scene.checkout.skill(f"s{i}")
    scene.checkout.commit()


def stream(scene):
    return scene.server.client().xrange(prefix() + "changes")


def wait_quiet(daemon):
    """Redis is back: wait until the daemon has it again and everything is published."""
    until("shelfd publishes again", lambda: daemon.status()["redis"]["state"] == "ready")
    daemon.barrier()


def test_kill_9_in_the_middle_of_a_first_sync_of_20000_loses_and_repeats_nothing(scene):
    for i in range(20000):
        scene.checkout.skill(f"g{i % 100}/s{i}")
    daemon = scene.daemon().start(wait=False)
    client = scene.server.client()
    until("the first sync is under way", lambda: client.xlen(prefix() + "changes") > 2000, 120)
    daemon.kill()
    scene.server.left_alone()
    before = stream(scene)
    assert 2000 < len(before) < 20000, "killed too late or too early to prove anything"
    revs = [int(entry.split("-")[0]) for entry, _ in before]
    assert int(client.hget(prefix() + "head", "rev")) == revs[-1]

    daemon.start(wait=False)
    daemon.notify.wait_for("READY=1", 240, daemon.assert_alive)
    have = scene.check(may_cut=True)
    assert len(have.items) == 20000
    after = stream(scene)
    assert after[:len(before)] == before
    assert len(after) == 20000


def test_kill_9_between_edits_is_made_good_at_the_next_start(scene):
    some_skills(scene)
    daemon = scene.daemon().start()
    rev = scene.rev()
    daemon.kill()
    scene.checkout.skill("s0", "Edited meanwhile.")
    scene.checkout.remove("skills/s1")
    scene.checkout.skill("s9")
    daemon.start()
    scene.check()
    assert sorted(f"{e['data']['op']} {e['subject']}" for e in scene.changes(rev)) == [
        "created skill/s9", "deleted skill/s1", "updated skill/s0"]


def test_edits_made_while_redis_is_stopped_arrive_once_when_it_is_back(scene):
    some_skills(scene)
    scene.redis(*PERSISTENT)
    daemon = scene.daemon().start()
    rev, generation = scene.rev(), scene.published().head["generation"]
    files = daemon.status()["watch"]["files"]
    scene.server.stop()
    for i in range(10):
        scene.checkout.skill("s0", f"Edit {i}.")
        scene.checkout.skill(f"new{i}")
    scene.checkout.remove("skills/s1")
    scene.checkout.skill("s2", "Edited and reverted.")
    scene.checkout.skill("s2")
    scene.checkout.skill("new10")  # the last: what it knows of all others is not younger
    daemon.wait_seen(files + 11 - 1)
    daemon.assert_alive()
    assert daemon.request("GET", "/healthz")[0] == 200
    assert until("shelfd says why", lambda: daemon.status()["redis"]["condition"])
    scene.server.start()
    wait_quiet(daemon)
    have = scene.check()
    assert have.head["generation"] == generation
    assert sorted(f"{e['data']['op']} {e['subject']}" for e in scene.changes(rev)) == sorted(
        [f"created skill/new{i}" for i in range(11)] + ["deleted skill/s1", "updated skill/s0"])


def test_a_redis_that_is_killed_under_a_stream_of_edits_misses_and_doubles_nothing(scene):
    some_skills(scene)
    scene.redis(*PERSISTENT)
    daemon = scene.daemon().start()
    for round_ in range(5):
        for i in range(20):
            scene.checkout.skill(f"s{i % 5}", f"Edit {round_} {i}.")
        scene.server.stop(signal.SIGKILL)
        scene.checkout.skill("s0", f"While it was down {round_}.")
        scene.server.start()
    wait_quiet(daemon)
    scene.check(may_cut=True)


def test_a_redis_that_hangs_is_waited_for(scene):
    some_skills(scene)
    scene.redis()
    daemon = scene.daemon(redis={"url": scene.server.url, "timeout": "500ms"})
    daemon.start()
    rev = scene.rev()
    scene.server.process.send_signal(signal.SIGSTOP)
    scene.checkout.skill("s0", "While it hung.")
    daemon.wait_output("no answer for 0.5 s")
    scene.server.process.send_signal(signal.SIGCONT)
    wait_quiet(daemon)
    scene.check()
    assert [e["subject"] for e in scene.changes(rev)] == ["skill/s0"]


def assert_reborn(scene, daemon, subscriber, old):
    """A new generation was told on the control channel and holds all items again."""
    reset = subscriber.wait_for("catalog.reset", lambda channel, event: event["type"] == RESET)
    assert subscriber.events[-1][0] == "control"
    daemon.barrier()
    have = scene.check()
    assert have.head["generation"] != old.head["generation"]
    assert have.head["generation"] in str(reset)
    assert have.items.keys() == old.items.keys()
    subscriber.drain()
    mine = [e for e in subscriber.changes() if e["data"]["generation"] == have.head["generation"]]
    assert sorted(e["subject"] for e in mine) == sorted(have.items)
    assert {e["data"]["op"] for e in mine} == {"created"}


def test_flushall_while_running_gives_a_new_generation_with_all_items(scene):
    some_skills(scene)
    daemon = scene.daemon().start()
    old = scene.published()
    subscriber = scene.subscriber()
    scene.server.client().flushall()
    assert_reborn(scene, daemon, subscriber, old)
    scene.checkout.skill("s0", "Edited afterwards.")
    daemon.barrier()
    scene.check()


def test_an_edit_right_after_flushall_gives_a_new_generation_with_the_edit(scene):
    some_skills(scene)
    daemon = scene.daemon().start()
    old = scene.published()
    subscriber = scene.subscriber()
    scene.server.client().flushall()
    scene.checkout.skill("s0", "Edited.")
    assert_reborn(scene, daemon, subscriber, old)


def test_a_redis_that_comes_back_empty_gives_a_new_generation(scene):
    some_skills(scene)
    daemon = scene.daemon().start()
    old = scene.published()
    scene.server.stop()
    scene.server.start()
    wait_quiet(daemon)
    have = scene.check()
    assert have.head["generation"] != old.head["generation"] and have.items.keys() == old.items.keys()


def test_a_redis_that_comes_back_with_an_older_state_never_sees_a_revision_twice(scene):
    some_skills(scene)
    daemon = scene.daemon().start()
    client = scene.server.client()
    client.save()
    old = scene.published()
    scene.checkout.skill("s0", "After the snapshot.")
    daemon.barrier()
    later = scene.published()
    assert int(later.head["rev"]) == int(old.head["rev"]) + 1
    scene.server.stop(signal.SIGKILL)
    scene.server.start()
    wait_quiet(daemon)
    have = scene.check()
    assert have.head["generation"] != old.head["generation"]


def test_one_lost_item_key_is_put_back_by_a_full_sync_or_restart(scene):
    some_skills(scene)
    daemon = scene.daemon().start()
    scene.server.client().delete(prefix() + "item:skill/s0")
    assert daemon.stop() == 0
    daemon.start()
    have = scene.published()
    assert "skill/s0" in have.items


def test_a_connection_cut_by_an_administrator_is_made_again(scene):
    some_skills(scene)
    daemon = scene.daemon().start()
    rev = scene.rev()
    for i in range(5):
        scene.server.client().client_kill_filter(_type="normal", skipme=True)
        scene.checkout.skill("s0", f"Cut {i}.")
    wait_quiet(daemon)
    scene.check()
    assert {e["subject"] for e in scene.changes(rev)} == {"skill/s0"}


def test_a_full_redis_refuses_and_gets_everything_when_there_is_room_again(scene):
    some_skills(scene)
    daemon = scene.daemon().start()
    client = scene.server.client()
    before = scene.published()
    client.config_set("maxmemory", 1)
    scene.checkout.skill("s0", "No room.")
    daemon.wait_output("OOM")
    assert scene.rev() == int(before.head["rev"])
    assert client.hgetall(prefix() + "item:skill/s0") == before.items["skill/s0"]
    client.config_set("maxmemory", 0)
    wait_quiet(daemon)
    scene.check()


def test_a_script_flush_is_made_good_without_a_word(scene):
    some_skills(scene)
    daemon = scene.daemon().start()
    scene.server.client().script_flush()
    scene.checkout.skill("s0", "After the flush.")
    daemon.barrier()
    scene.check()


def test_a_start_before_redis_publishes_once_redis_is_there(scene):
    some_skills(scene)
    scene.redis()
    scene.server.stop()
    daemon = scene.daemon().start(wait=False)
    daemon.wait_output(scene.server.socket)
    daemon.assert_alive()
    scene.server.start()
    daemon.wait_ready()
    scene.check()


@pytest.mark.parametrize("address", ["unix", "tcp"])
def test_once_with_an_unreachable_redis_fails_with_a_message_that_names_it(scene, address):
    scene.checkout.skill("one")
    url = f"unix://{scene.folder}/nothing.sock" if address == "unix" else "redis://127.0.0.1:1"
    done = scene.shelfd("-C", scene.checkout.root, "--redis", url, "--once", check=1)
    assert (f"{scene.folder}/nothing.sock" if address == "unix" else "127.0.0.1 port 1") in done.stderr
    assert "sync complete" not in done.stdout
    assert "Connection refused" in done.stderr or "No such file" in done.stderr


def test_without_an_address_the_message_names_the_embedded_redis(scene):
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", 6379)) == 0:
            pytest.skip("there is a Redis on this machine's port 6379")
    scene.checkout.skill("one")
    for arguments in (("--once",), ()):
        done = scene.shelfd("-C", scene.checkout.root, *arguments, check=1)
        assert "127.0.0.1 port 6379" in done.stderr and "--redis embedded" in done.stderr


def secret(scene, text):
    path = os.path.join(scene.folder, "password")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    os.chmod(path, 0o600)
    return path


def test_once_with_a_wrong_password_fails_and_shows_no_password(scene):
    scene.checkout.skill("one")
    scene.redis("--requirepass", "right-one")
    daemon = scene.daemon(redis={"url": scene.server.url, "password_file": secret(scene, "wrong-one")})
    done = scene.shelfd("-c", daemon.config, "--once", check=1)
    assert "WRONGPASS" in done.stderr or "password" in done.stderr
    assert "wrong-one" not in done.stderr + done.stdout
    daemon = scene.daemon("other", redis={"url": scene.server.url, "password_file": secret(scene, "right-one")})
    done = scene.shelfd("-c", daemon.config, "--once", check=0)
    assert "right-one" not in done.stderr + done.stdout


def test_once_without_a_needed_password_says_so(scene):
    scene.checkout.skill("one")
    scene.redis("--requirepass", "right-one")
    done = scene.once(check=1)
    assert "NOAUTH" in done.stderr or "password" in done.stderr


def test_a_daemon_with_a_wrong_password_keeps_trying_without_flooding_the_log(scene):
    some_skills(scene)
    scene.redis("--requirepass", "right-one")
    path = secret(scene, "wrong-one")
    daemon = scene.daemon(redis={"url": scene.server.url, "password_file": path}).start(wait=False)
    daemon.wait_output("WRONGPASS|password")
    scene.server.client(password="right-one").config_set("requirepass", "wrong-one")
    daemon.wait_ready()
    assert len(daemon.output().splitlines()) < 30
    assert "wrong-one" not in daemon.output()


def test_a_key_of_another_type_is_refused_and_named(scene):
    scene.checkout.skill("one")
    scene.once()
    client = scene.server.client()
    client.rename(prefix() + "changes", "elsewhere")
    client.set(prefix() + "changes", "not a stream")
    scene.checkout.skill("one", "Edited.")
    done = scene.once(check=1)
    assert f"TYPE {prefix()}changes" in done.stderr
    assert client.get(prefix() + "changes") == "not a stream"
    assert client.hget(prefix() + "head", "rev") == "1"


def test_a_control_socket_is_gone_after_the_end_and_a_dead_one_is_replaced(scene):
    some_skills(scene)
    daemon = scene.daemon().start()
    daemon.kill()
    assert os.path.exists(daemon.control)
    daemon.start()
    assert daemon.request("GET", "/healthz")[0] == 200
    assert daemon.stop() == 0
    assert not os.path.exists(daemon.control)
    with pytest.raises(OSError):
        Control(daemon.control).connect()
