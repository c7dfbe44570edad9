"""The state machine that hypothesis drives: a rule for each kind of thing that happens."""
import hypothesis
import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from .files import OUTSIDE
from .gitwork import BRANCH_COMMANDS, BRANCHES, COMMANDS

FOLDERS = ["skills/a", "skills/b", "skills/a/b", "skills/a/b/c", "skills/b/c", "skills/o\udcff", "tools/x", "tools/x/y",
           "mcps/m", "elsewhere/e", "skills", "tools", "mcps"]
NAMES = ["SKILL.md", "x.yaml", "tool.yaml", "server.json", "notes.md", "y.json", "README.md", ".hidden", "x.tmp"]
GOOD = {
    "md": ["---\nname: one\ndescription: first\n---\nBody.\n", "---\nname: two\ndescription: other\n---\nBody.\n",
           "# Heading\n\nNo front matter.\n",
           "---\nname: large\ndescription: large\n---\n" + "0123456789abcde\n" * 2000],
    "yaml": ["name: x\nversion: 1.0\n", "name: y\nversion: 2.0\n", "name: z\ntags: [a, b]\n"],
    "json": ['{"name": "j", "tags": ["t"]}', '{"name": "k", "tags": ["u"]}', '{"name": "l"}'],
}
BROKEN = ["", "---\nname: [\n---\n", "---\nname: never closed\n", "{", "\0", "a: b: c\n",
          "name: merged\n<<<<<<< ours\nversion: 1\n=======\nversion: 2\n>>>>>>> theirs\n"]
QUIET_EVERY = 25  # steps, at the latest
TARGETS = ["SKILL.md", "../b", "../../tools/x", "nowhere", OUTSIDE, ".", ".."]
IGNORED = ["", "x.yaml\n", "/skills/a/\n", "*.json\n!y.json\n", "b/\n", "*\n!*/\n!SKILL.md\n"]
IGNORE_FILES = [".gitignore", "skills/.gitignore", "skills/a/.gitignore"]
TEMPORARY = [".new", "x.tmp", "notes.md~", "unusual"]
OUTAGES = ["cut", "cut", "cut", "hang", "hang", "stop", "restart", "kill"]

numbers = st.integers(0, 255)
folders = st.sampled_from(FOLDERS)
paths = st.builds(lambda folder, name: f"{folder}/{name}", folders, st.sampled_from(NAMES))
places = st.one_of(folders, paths)
some_bytes = st.tuples(*[numbers] * 8)


def content(path, number):
    """What is written to a path: mostly something that its kind of file may hold."""
    good = GOOD.get(path.rpartition(".")[2], GOOD["md"])
    return (good[number % len(good)] if number % 3 else BROKEN[number // 3 % len(BROKEN)]).encode()


class Machine(RuleBasedStateMachine):
    """world: set by who makes a subclass of this. What is done is drawn as numbers; world.story says what that was."""

    world = None
    begun = False
    since_quiet = 0

    @initialize(salt=some_bytes)
    def begin(self, salt):
        """
        Hypothesis tries the simplest sequence there is before it draws one at random, and a few that are simple but for
        their beginning: these are none.
        """
        hypothesis.assume(all(salt))
        self.world.begin()
        self.begun = True

    def teardown(self):
        if self.begun and not self.world.spoilt:
            self.world.quiet()

    def file(self, number):
        return self.world.files.pick(number, False)

    def folder(self, number):
        return self.world.files.pick(number, True)

    def change(self, how, *arguments, touched):
        """touched: paths to which more happens than that bytes are written to a file that is there."""
        self.world.tell(how, *arguments)
        if touched:
            self.world.disturb(*touched)
        try:
            getattr(self.world.files, how)(*arguments)
        except OSError as e:
            self.world.tell("refused", e.strerror)

    def write(self, how, path, *arguments):
        self.change(how, path, *arguments, touched=[] if self.world.files.there(path) else [path])

    @rule(path=paths, number=numbers)
    def write_new(self, path, number):
        self.write("write", path, content(path, number))

    @rule(path=paths, number=numbers, how=st.sampled_from(["write_in_pieces", "begin_writing", "link_in", "storm"]))
    def create(self, path, number, how):
        self.change(how, path, content(path, number), touched=[path])

    @rule(at=numbers, number=numbers, how=st.sampled_from(
        ["write", "write_in_pieces", "write_unnoticed", "write_by_map", "append", "begin_writing"]))
    def write_again(self, at, number, how):
        path = self.file(at)
        self.write(how, path, content(path, number))

    @rule()
    def end_writing(self):
        self.change("end_writing", touched=[])

    @rule(at=numbers, number=numbers, temporary=st.sampled_from(TEMPORARY))
    def replace(self, at, number, temporary):
        path = self.file(at)
        self.write("replace", path, content(path, number), temporary)

    @rule(at=numbers, number=numbers, how=st.sampled_from(["backup_and_recreate", "unlink_and_create"]))
    def recreate(self, at, number, how):
        path = self.file(at)
        self.change(how, path, content(path, number), touched=[path])

    @rule(at=numbers, size=st.sampled_from([0, 1, 20]))
    def truncate(self, at, size):
        self.write("truncate", self.file(at), size)

    @rule(at=numbers)
    def touch(self, at):
        self.write("touch", self.file(at))

    @rule(at=numbers, mode=st.sampled_from([0o644, 0o755, 0o700]))
    def chmod(self, at, mode):
        self.write("chmod", self.file(at), mode)

    @rule(at=numbers, path=paths)
    def hard_link(self, at, path):
        self.change("hard_link", self.file(at), path, touched=[path])

    @rule(path=places, to=st.sampled_from(TARGETS))
    def symlink(self, path, to):
        self.change("symlink", path, to, touched=[path])

    @rule(path=folders)
    def make_folder(self, path):
        self.change("make_folder", path, touched=[path])

    @rule(at=numbers)
    def remove_file(self, at):
        path = self.file(at)
        self.change("remove", path, touched=[path])

    @rule(at=numbers)
    def remove_folder(self, at):
        path = self.folder(at)
        self.change("remove", path, touched=[path])

    @rule(at=numbers, name=st.sampled_from(NAMES), number=numbers)
    def remove_and_make(self, at, name, number):
        path = self.folder(at)
        self.change("remove_and_make", path, name, content(name, number), touched=[path])

    @rule(at=numbers, number=numbers)
    def file_for_folder(self, at, number):
        path = self.folder(at)
        self.change("file_for_folder", path, content(path, number), touched=[path])

    @rule(at=numbers, new=places)
    def rename_file(self, at, new):
        old = self.file(at)
        self.change("rename", old, new, touched=[old, new])

    @rule(at=numbers, new=folders, how=st.sampled_from(["rename", "move_over", "copy"]))
    def move_folder(self, at, new, how):
        old = self.folder(at)
        self.change(how, old, new, touched=[old, new])

    @rule(one=numbers, other=numbers, how=st.sampled_from(["swap", "exchange"]))
    def swap_folders(self, one, other, how):
        both = [self.folder(one), self.folder(other)]
        self.change(how, *both, touched=both)

    @rule(one=numbers, other=numbers, how=st.sampled_from(["rename", "exchange"]))
    def swap_files(self, one, other, how):
        both = [self.file(one), self.file(other)]
        self.change(how, *both, touched=both)

    @rule(path=st.sampled_from(IGNORE_FILES), text=st.sampled_from(IGNORED))
    def ignore(self, path, text):
        self.change("write", path, text.encode(), touched=[""])

    @rule(text=st.sampled_from(IGNORED))
    def exclude(self, text):
        self.change("replace", self.world.git.exclude, text.encode(), ".new", touched=[""])

    def run_git(self, how, *arguments):
        self.world.tell("git", how, *arguments)
        self.world.disturb("")
        getattr(self.world.git, how)(*arguments)

    @rule(command=st.sampled_from(sorted(COMMANDS)))
    def git(self, command):
        self.run_git("do", command)

    @rule(command=st.sampled_from(sorted(BRANCH_COMMANDS)), branch=st.sampled_from(BRANCHES))
    def git_with(self, command, branch):
        self.run_git("do_with", command, branch)

    @rule(how=st.sampled_from(["--abort", "--skip", "--continue", "--quit"]))
    def git_goes_on(self, how):
        self.run_git("go_on", how)

    @rule()
    def freeze(self):
        self.world.freeze()

    @rule()
    def thaw(self):
        self.world.thaw()

    @rule(what=st.sampled_from(OUTAGES))
    def outage(self, what):
        self.world.outage(what)

    @rule()
    def quiet(self):
        self.world.quiet()
        self.since_quiet = 0

    @invariant()
    def quiet_often_enough(self):
        self.since_quiet += 1
        if self.since_quiet == QUIET_EVERY:
            self.quiet()
