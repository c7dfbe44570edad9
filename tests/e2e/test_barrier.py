"""A barrier waits for what was done to the files before it, and for nothing else: under a load that never pauses, too."""
import contextlib
import os
import subprocess
import sys

import pytest

from oracle.published import prefix
from support.checkout import GIT_ENVIRONMENT

BARRIERS = 6


# In processes of their own, so that they pause as little as they can.

FILES = """
import itertools, os, shutil
for i in itertools.count():
    folder = f"skills/n{i % 200}"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/SKILL.md", "w") as file:
        file.write(f"---\\nname: n{i % 200}\\ndescription: Edit {i}.\\n---\\n")
    if i % 7 == 0:
        shutil.rmtree(f"skills/n{(i + 100) % 200}", ignore_errors=True)
"""

# Each is put off, as its writer may not be done.
BROKEN = """
import itertools, os
for i in itertools.count():
    folder = f"skills/b{i % 300}"
    os.makedirs(folder, exist_ok=True)
    with open("new", "w") as file:
        file.write(f"---\\nname: [ {i}\\n---\\n")
    os.rename("new", f"{folder}/SKILL.md")
"""

# git takes its lock for each, and moves HEAD.
COMMITS = """
import subprocess
while True:
    subprocess.run(["git", "commit", "-q", "--allow-empty", "-m", "change"], check=True)
"""

# A descriptor that stays open, through which a manifest is written again and again, in place and in pieces.
PIECES = """
import itertools, os
with open("skills/s0/SKILL.md", "r+b", buffering=0) as file:
    at = file.read().index(b"000000")
    for i in itertools.count():
        os.pwrite(file.fileno(), b"%03d" % (i % 1000), at)
        os.pwrite(file.fileno(), b"%03d" % (i % 1000), at + 3)
"""


@contextlib.contextmanager
def busy(checkout, program):
    """The program runs all the while in the checkout."""
    process = subprocess.Popen([sys.executable, "-c", program], cwd=checkout.root, env={**os.environ, **GIT_ENVIRONMENT})
    try:
        yield
        assert process.poll() is None, "the load ended"
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("load", [FILES, BROKEN, COMMITS, PIECES], ids=["files", "broken", "commits", "pieces"])
def test_what_was_saved_before_a_barrier_is_published_after_it_under_a_load_that_never_pauses(scene, load):
    for i in range(20):
        scene.checkout.skill(f"s{i}", "000000")
    scene.checkout.commit("first")
    daemon = scene.daemon(watch={"max_delay": "300ms", "git_hold": "500ms"}).start()
    client = scene.server.client()
    with busy(scene.checkout, load):
        for i in range(BARRIERS):
            scene.checkout.skill("mark", f"Edit {i}.")
            scene.checkout.skill(f"new{i}")
            (daemon.sync if i % 3 == 2 else daemon.barrier)()
            assert client.hget(prefix() + "item:skill/mark", "description") == f"Edit {i}."
            assert client.exists(prefix() + f"item:skill/new{i}")
