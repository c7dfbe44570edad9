"""What doc/PROTOCOL.md gives to be used as it stands: rights."""
import re

import pytest

from support import document
from support.daemon import SOURCE

WORDS = re.compile(r"""["']([A-Z]+)["']""")


def commands(client, *globs):
    """Commands of Redis that the source names."""
    words = {word.lower() for glob in globs for path in SOURCE.glob(glob)
             for word in WORDS.findall(path.read_text(encoding="utf-8"))}
    found = words & set(client.command())
    assert found
    return found


def granted(user):
    return {rule[1:].split("|")[0] for rule in document.users()[user] if rule.startswith("+")}


def test_shelfd_has_the_rights_that_its_scripts_and_requests_need_and_no_other(scene):
    needed = commands(scene.redis(), "src/redis/*.lua", "src/redis/publisher*.c", "src/redis/call.c")
    assert granted("shelfd") - {"select", "client"} == needed


def test_a_reader_has_the_rights_that_shelfctl_needs_and_can_write_nothing(scene):
    needed = commands(scene.redis(), "src/ctl/store.c", "src/ctl/snapshot.c", "src/ctl/watch.c")
    assert needed - granted("reader") == set()
    client = scene.redis()
    writing = {row for category in ("write", "scripting", "dangerous", "admin") for row in client.acl_cat(category)}
    assert granted("reader") & writing == set()


@pytest.mark.parametrize("user", ["shelfd", "reader"])
def test_nobody_may_touch_another_catalog(scene, user):
    scene.redis()
    rules = document.users()[user]
    client = scene.server.client(username=user, password=document.password(rules))
    for words in (("HGETALL", "shelf:{other}:head"), ("HGETALL", "x")):
        with pytest.raises(Exception, match="NOPERM|No permissions|no permissions"):
            client.execute_command(*words)
    assert client.execute_command("HGETALL", "shelf:{main}:head") in ({}, [])
