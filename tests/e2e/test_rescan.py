"""A look at everything costs no more than it must: seen from outside, by strace."""
import os
import re
import shutil
import subprocess

import pytest

from support.daemon import sanitized


@pytest.fixture
def traced(scene):
    """A shelfd whose calls of openat2(2), by which it opens, and pread64(2), by which it reads content, are written down."""
    if shutil.which("strace") is None:
        pytest.skip("there is no strace")
    if subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("strace may not trace here")
    if sanitized():
        pytest.skip("the leak checker does not run under strace")
    daemon = scene.daemon()
    log = os.path.join(scene.folder, "strace")
    tree = re.escape(scene.checkout.root)  # beneath it: what is kept of its files is read with pread64(2) as well
    daemon.prefix = ["strace", "-D", "-f", "-y", "-qq", "-s", "0", "-e", "trace=openat2,pread64", "-o", log]

    def calls(after=0):
        """Of each call so far, beginning at a byte of the log: how many; and where the log ends."""
        with open(log, encoding="utf-8", errors="replace") as file:
            file.seek(after)
            text = file.read()
        return {name: len(re.findall(rf"\b{name}\(\d+<{tree}", text)) for name in ("openat2", "pread64")}, after + len(text)

    return daemon, calls


def test_a_look_at_an_unchanged_tree_opens_its_folders_and_reads_no_file(scene, traced):
    daemon, calls = traced
    for i in range(200):
        scene.checkout.skill(f"g{i % 10}/s{i}")
        scene.checkout.write(f"skills/g{i % 10}/s{i}/notes.txt", f"note {i}")
    scene.checkout.commit()
    daemon.start()
    first, _ = calls()
    assert first["pread64"] >= 400, first  # it does read what it has not seen
    daemon.sync()  # what was written just before the start might have changed within one tick of the clock
    _, at = calls()
    rev = scene.rev()

    daemon.sync()
    second, at = calls(at)
    assert second["pread64"] == 0, second
    assert second["openat2"] >= 200, second
    assert scene.rev() == rev

    scene.checkout.write("skills/g1/s1/notes.txt", "another note")
    daemon.barrier()
    third, _ = calls(at)
    assert 1 <= third["pread64"] <= 2, third
    scene.check()
