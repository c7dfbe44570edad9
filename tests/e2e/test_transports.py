"""The ways to Redis beside a plain socket: TLS, passwords from files and credentials."""
import os
import signal

import pytest

from oracle.published import prefix
from support.certificates import Authority
from support.daemon import environment
from support.network import HOST, port
from support.waiting import until


@pytest.fixture
def authority(scene):
    return Authority(os.path.join(scene.folder, "ca"))


def secret(scene, name, text):
    path = os.path.join(scene.folder, name)
    with open(path, "w", encoding="utf-8", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
        file.write(text + "\n")
    return path


def with_tls(scene, authority, *hosts, clients="no", days=2):
    """Starts redis-server with a certificate for these hosts; returns its address."""
    cert, key = authority.issue("server", *hosts, days=days)
    place = port()
    scene.redis("--bind", HOST, "--tls-port", str(place), "--tls-cert-file", cert, "--tls-key-file", key,
                "--tls-ca-cert-file", authority.file, "--tls-auth-clients", clients)
    return f"rediss://{HOST}:{place}"


def test_shelfd_and_shelfctl_work_over_tls(scene, authority):
    for i in range(300):
        scene.checkout.skill(f"s{i}", "Long enough to make more than one record of TLS. " * 8)
    scene.checkout.commit()
    url = with_tls(scene, authority, f"IP:{HOST}", clients="yes")
    cert, key = authority.issue("client")
    tls = {"ca_file": authority.file, "cert_file": cert, "key_file": key}
    daemon = scene.daemon(redis={"url": url, "tls": tls}).start()
    scene.check()
    scene.checkout.skill("s0", "Edited.")
    scene.settle(daemon)
    assert daemon.status()["redis"]["url"] == url
    names = ("--redis", url, "--cacert", authority.file, "--cert", cert, "--key", key)
    assert len(scene.shelfctl("ls", *names).stdout.splitlines()) >= 300
    assert "Edited." in scene.shelfctl("show", "skill/s0", SHELFD_REDIS_URL=url, SHELFD_REDIS_CA_FILE=authority.file,
                                       SHELFD_REDIS_CERT_FILE=cert, SHELFD_REDIS_KEY_FILE=key).stdout


def test_a_lost_tls_connection_is_made_anew_and_misses_nothing(scene, authority):
    scene.checkout.skill("s0")
    url = with_tls(scene, authority, f"IP:{HOST}")
    daemon = scene.daemon(redis={"url": url, "tls": {"ca_file": authority.file}}).start()
    for i in range(5):
        scene.server.client().client_kill_filter(_type="normal", skipme=True)
        scene.checkout.skill("s0", f"Edit {i}.")
        daemon.barrier()
    scene.check(may_cut=True)


def refused(scene, url, authority_file, part):
    """Both programs refuse, say why, and nothing was published."""
    scene.checkout.skill("s0")
    done = scene.shelfctl("ls", "--redis", url, "--cacert", authority_file, check=6)
    assert part in done.stderr
    daemon = scene.daemon(redis={"url": url, "tls": {"ca_file": authority_file}}).start(wait=False)
    daemon.wait_output("certificate of redis")
    assert part in daemon.output()
    assert until("status has it", lambda: part in daemon.status()["redis"]["condition"])
    assert not scene.server.client().exists(prefix() + "head")


def test_a_certificate_for_another_host_is_refused_and_named(scene, authority):
    url = with_tls(scene, authority, "DNS:elsewhere.example.org")
    refused(scene, url, authority.file, f"is for another host: for elsewhere.example.org, not for {HOST}")


def test_an_expired_certificate_is_refused_and_named(scene, authority):
    url = with_tls(scene, authority, f"IP:{HOST}", days=-1)
    refused(scene, url, authority.file, " expired on ")


def test_an_unknown_authority_is_refused_and_named(scene, authority):
    url = with_tls(scene, authority, f"IP:{HOST}")
    other = Authority(os.path.join(scene.folder, "other"), "Another Authority")
    refused(scene, url, other.file, "is signed by an unknown authority, CN = Test Authority")


def test_a_certificate_that_is_put_right_is_taken_without_a_restart(scene, authority):
    scene.checkout.skill("s0")
    url = with_tls(scene, authority, f"IP:{HOST}")
    trusted = os.path.join(scene.folder, "trusted.pem")
    other = Authority(os.path.join(scene.folder, "other"))
    os.link(other.file, trusted)
    daemon = scene.daemon(redis={"url": url, "tls": {"ca_file": trusted}}).start(wait=False)
    daemon.wait_output("unknown authority")
    os.rename(authority.file, trusted)
    daemon.wait_ready()
    scene.check()


def test_files_of_tls_that_cannot_be_used_end_the_start(scene, authority):
    url = with_tls(scene, authority, f"IP:{HOST}")
    cert, key = authority.issue("client")
    os.chmod(key, 0o644)
    for tls, part in (({"ca_file": "/nonexistent/ca"}, "/nonexistent/ca"), ({"cert_file": cert}, "key_file is not"),
                      ({"cert_file": cert, "key_file": key}, "too open for a secret")):
        daemon = scene.daemon(f"d{part[-3:]}", redis={"url": url, "tls": tls}).start(wait=False)
        assert daemon.wait() != 0
        assert part in daemon.output()


def test_a_reload_with_files_that_cannot_be_used_keeps_the_old_configuration(scene, authority):
    scene.checkout.skill("s0")
    url = with_tls(scene, authority, f"IP:{HOST}")
    daemon = scene.daemon(redis={"url": url, "tls": {"ca_file": authority.file}}).start()
    daemon.configure(redis={"url": url, "tls": {"ca_file": "/nonexistent/ca"}})
    daemon.send(signal.SIGHUP)
    daemon.wait_output("/nonexistent/ca.*\n.*the old one stays")
    scene.checkout.skill("s0", "Edited.")
    scene.settle(daemon)


def test_user_and_password_come_from_a_file(scene):
    scene.checkout.skill("s0")
    scene.redis().acl_setuser("agent", enabled=True, passwords=["+wonder land"], commands=["+@all"], keys=["*"],
                              channels=["*"])
    scene.server.client().config_set("requirepass", "other")
    path = secret(scene, "password", "wonder land")
    scene.daemon(redis={"url": scene.server.address, "user": "agent", "password_file": path}).start()
    done = scene.shelfctl("ls", "--redis", scene.server.address, SHELFD_REDIS_USER="agent", SHELFD_REDIS_PASSWORD_FILE=path)
    assert "skill/s0" in done.stdout
    done = scene.shelfctl("ls", "--redis", scene.server.address, SHELFD_REDIS_USER="nobody", SHELFD_REDIS_PASSWORD_FILE=path,
                          check=4)
    assert "WRONGPASS" in done.stderr
    assert "wonder land" not in done.stderr


def test_user_and_password_come_from_credentials_of_systemd(scene):
    scene.checkout.skill("s0")
    scene.redis().acl_setuser("agent", enabled=True, passwords=["+wonderland"], commands=["+@all"], keys=["*"],
                              channels=["*"])
    scene.server.client().config_set("requirepass", "other")
    secret(scene, "redis-user", "agent")
    secret(scene, "redis-password", "wonderland")
    assert "CREDENTIALS_DIRECTORY" not in environment(scene.folder)
    daemon = scene.daemon(redis={"url": scene.server.address}, env={"CREDENTIALS_DIRECTORY": scene.folder}).start()
    assert daemon.status()["redis"]["state"] == "ready"


def test_a_user_without_a_password_is_a_mistake_that_is_said(scene):
    scene.redis()
    daemon = scene.daemon(redis={"url": scene.server.address, "user": "agent"}).start(wait=False)
    assert daemon.wait() != 0
    assert "redis.password_file" in daemon.output()
