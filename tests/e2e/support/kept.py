"""What shelfd keeps in its state folder, and which files it reads; for the tests of both."""
import os
import re

from .checkout import skill
from .faults import strace
from .waiting import until

FILES, ITEMS = 87, 44  # of tree(): files that are read, and items


class Reads:
    """Runs shelfd under strace, and knows which files of the checkout were read since."""

    def __init__(self, scene):
        self.root = scene.checkout.root
        self.log = os.path.join(scene.folder, "reads")
        self.prefix = [strace(), "-D", "-f", "-y", "-qq", "-s", "0", "-e", "trace=openat,openat2,read,pread64", "-o", self.log]

    def take(self):
        """Of the run before: the paths whose content was read."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            text = file.read()
        assert self.root in text, text[-500:]
        return sorted({os.path.relpath(path, self.root) for path in re.findall(
            rf"\bp?read(?:64)?\(\d+<({re.escape(self.root)}/(?:skills|mcps|tools)/[^>]*)>", text)})


def tree(scene):
    """Some of everything: bundles, flat ones, broken ones, a collision, a link."""
    c = scene.checkout
    for i in range(40):
        c.skill(f"g{i % 4}/s{i}", f"Skill {i}.", version=f"1.{i}")
        c.write(f"skills/g{i % 4}/s{i}/notes.txt", f"note {i}")
    c.write("skills/flat.md", skill("flat"))
    c.write("skills/bad.md", "---\nname: bad\ndescription: one: two\n---\n")
    c.write("tools/a/x.json", '{"name": "x", "description": "X."}')
    c.write("tools/a/x.yaml", "name: x\ndescription: Y.\n")
    c.write("tools/b/aside.json", '{"name": "aside", "description": "Part of b, as its entry comes later."}')
    c.write("tools/b/tool.yaml", "name: b\ndescription: B.\n")
    os.symlink("s0", c.path("skills/g0/link"))
    c.commit()
    c.write("skills/untracked.md", skill("untracked"))
    age(scene)


def age(scene):
    """What was written just now might change within one tick of the clock; what is older than that can be told by its stamp."""
    probe = os.path.join(scene.folder, "probe")
    newest = max(os.lstat(os.path.join(folder, name)).st_ctime_ns
                 for folder, _, names in os.walk(scene.checkout.root) for name in names)

    def later():
        with open(probe, "w", encoding="utf-8"):
            pass
        return os.stat(probe).st_ctime_ns > newest + 100_000_000

    until("the files are old enough", later)


def known(daemon):
    return os.path.join(daemon.folder, "state", "main+main.known")


def journal(daemon):
    return os.path.join(daemon.folder, "state", "main.published")


TRACED = {"ASAN_OPTIONS": "detect_leaks=0"}  # the leak checker does not run under strace


def start(daemon, reads=None):
    daemon.prefix, daemon.env = ([], {}) if reads is None else (reads.prefix, TRACED)
    daemon.start()
    return daemon


def stop(daemon):
    assert daemon.stop() == 0, daemon.output()


def restart(scene, daemon, reads):
    """Stops and starts it; returns what it read."""
    stop(daemon)
    start(daemon, reads)
    scene.check()
    return reads.take()
