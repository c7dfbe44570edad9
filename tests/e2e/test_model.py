"""Random sequences of what people and git do; after each quiet point Redis equals the oracle."""
import os
import shutil

import hypothesis
import hypothesis.strategies as st
import pytest

from support.live import Live

NAMES = ["a", "b", "c", "a/b", "a/b/c", "b/c"]
PLACES = [f"skills/{n}" for n in NAMES] + ["tools", "tools/x", "skills"]
FILES = ["SKILL.md", "notes.md", "tool.yaml", "x.yaml", "y.json", "README.md", ".hidden"]
TEXTS = [
    "---\nname: one\ndescription: first\n---\nBody.\n", "---\nname: two\ndescription: second\n---\n",
    "# Heading\n\nNo front matter.\n", "---\nname: [\n---\n", "name: x\nversion: 1.0\n", '{"name": "j", "tags": ["t"]}',
    "", "---\nname: never closed\n", "\0",
]

files = st.builds(lambda place, name: f"{place}/{name}", st.sampled_from(PLACES), st.sampled_from(FILES))
step = st.one_of(
    st.tuples(st.just("write"), files, st.sampled_from(TEXTS)),
    st.tuples(st.just("write"), files, st.sampled_from(TEXTS)),
    st.tuples(st.just("replace"), files, st.sampled_from(TEXTS)),
    st.tuples(st.just("remove"), files),
    st.tuples(st.just("remove"), st.sampled_from(PLACES)),
    st.tuples(st.just("rename"), st.sampled_from(PLACES), st.sampled_from(PLACES)),
    st.tuples(st.just("link"), files, st.sampled_from(["SKILL.md", "nowhere", "/etc/passwd"])),
    st.tuples(st.just("ignore"), st.sampled_from(["", "x.yaml\n", "skills/a/\n", "*.json\n"])),
    st.tuples(st.just("commit")), st.tuples(st.just("stash")), st.tuples(st.just("pop")), st.tuples(st.just("reset")),
    st.tuples(st.just("branch"), st.sampled_from(["main", "other", "third"])), st.tuples(st.just("clean")),
    st.tuples(st.just("quiet")), st.tuples(st.just("quiet")),
)


class Model:
    """Carries out the steps; what the file system refuses is left out."""

    def __init__(self, scene):
        self.live = Live(scene)
        self.checkout = scene.checkout

    def begin(self):
        """The same beginning for every example, so that a failing one can be replayed and made smaller."""
        files = self.checkout
        files.git("stash", "clear")
        files.git("checkout", "-q", "-f", "main")
        files.git("reset", "-q", "--hard", "start")
        files.git("clean", "-fdxq")
        files.git("branch", "-q", "-f", "other", "start")
        files.git("branch", "-q", "-f", "third", "start-third")

    def do(self, step_):
        try:
            getattr(self, step_[0])(*step_[1:])
        except OSError:
            pass

    def write(self, path, text):
        self.checkout.write(path, text)

    def replace(self, path, text):
        self.checkout.replace(path, text)

    def remove(self, path):
        self.checkout.remove(path)

    def rename(self, old, new):
        if not (new + "/").startswith(old + "/") and not (old + "/").startswith(new + "/"):
            shutil.rmtree(self.checkout.path(new), ignore_errors=True)
            self.checkout.rename(old, new)

    def link(self, path, target):
        os.makedirs(os.path.dirname(self.checkout.path(path)), exist_ok=True)
        os.symlink(target, self.checkout.path(path))

    def ignore(self, text):
        self.checkout.write(".gitignore", text)

    def commit(self):
        self.checkout.commit()

    def stash(self):
        self.checkout.git("stash", "-q", "-u", check=False)

    def pop(self):
        self.checkout.git("stash", "pop", "-q", check=False)

    def reset(self):
        self.checkout.git("reset", "-q", "--hard")

    def branch(self, name):
        self.checkout.git("checkout", "-q", "-f", name, check=False)

    def clean(self):
        self.checkout.git("clean", "-fdq")

    def quiet(self):
        self.live.daemon.barrier()
        have = self.live.scene.published()
        stale = {key: item for key, item in have.items.items() if item["state"] == "stale"}
        broken = self.live.scene.expected().broken
        assert {item["path"] for item in stale.values()} <= broken.keys()
        self.live.look(stale=stale)


@pytest.fixture
def start(scene):
    scene.checkout.write("skills/a/SKILL.md", TEXTS[0])
    scene.checkout.commit()
    scene.checkout.git("tag", "start")
    scene.checkout.write("tools/x.yaml", TEXTS[4])
    scene.checkout.commit()
    scene.checkout.git("tag", "start-third")
    return Model(scene)


@hypothesis.settings(max_examples=int(os.environ.get("SHELFD_TEST_EXAMPLES", "40")), deadline=None, database=None,
                     print_blob=True, suppress_health_check=list(hypothesis.HealthCheck))
# A barrier whose event came while a scan was still due, which then found a broken manifest.
@hypothesis.example(steps=[("write", "skills/a/README.md", TEXTS[0]), ("quiet",), ("write", "tools/SKILL.md", TEXTS[1]),
                           ("rename", "tools", "skills")])
@hypothesis.given(steps=st.lists(step, min_size=5, max_size=25))
def test_random_sequences_end_in_what_the_oracle_says(start, steps):
    """One shelfd lives through all examples. The failing one is printed, as small as it could be made."""
    start.begin()
    for each in steps:
        start.do(each)
    start.quiet()
