"""What is done with git. A command that git refuses has done nothing, or what git leaves behind when it refuses."""
import os
import shutil
import subprocess

from support.checkout import GIT_ENVIRONMENT

# Left behind in the git directory by what was not finished.
UNFINISHED = ("rebase-merge", "rebase-apply", "sequencer", "MERGE_HEAD", "MERGE_MODE", "MERGE_MSG", "CHERRY_PICK_HEAD",
              "REVERT_HEAD", "AUTO_MERGE", "index.lock")
BRANCHES = ("main", "other", "third")

COMMANDS = {
    "add": [["add", "-A"]],
    "commit": [["add", "-A"], ["commit", "-q", "--allow-empty", "-m", "all"]],
    "commit tracked": [["commit", "-q", "-a", "-m", "tracked"]],
    "amend": [["commit", "-q", "--amend", "--allow-empty", "-m", "amended"]],
    "stash": [["stash", "-q"]],
    "stash untracked": [["stash", "-q", "-u"]],
    "pop": [["stash", "pop", "-q"]],
    "reset": [["reset", "-q", "--hard"]],
    "reset index": [["reset", "-q"]],
    "reset back": [["reset", "-q", "--hard", "HEAD~1"]],
    "clean": [["clean", "-fdq"]],
    "clean ignored": [["clean", "-fdxq"]],
    "restore": [["checkout", "-q", "--", "."]],
    "remove": [["rm", "-q", "-r", "-f", "--ignore-unmatch", "skills/a"]],
    "move": [["mv", "-k", "skills/a", "skills/moved"]],
    "untrack": [["rm", "-q", "-r", "--cached", "--ignore-unmatch", "skills", "tools"]],
    "abort": [["merge", "--abort"]],
    "pack": [["pack-refs", "--all"]],
    "work tree": [],
}
BRANCH_COMMANDS = {
    "checkout": [["checkout", "-q"]],
    "checkout by force": [["checkout", "-q", "-f"]],
    "detach": [["checkout", "-q", "--detach"]],
    "merge": [["merge", "-q", "--no-edit"]],
    "merge for it": [["merge", "-q", "--no-edit", "-X", "theirs"]],
    "rebase": [["rebase", "-q"]],
    "cherry-pick": [["cherry-pick"]],
    "take": [["checkout", "-q"]],
}


class Git:
    """One work tree. kind: "checkout" for a clone of its own, "linked" for one that git worktree made."""

    def __init__(self, folder, kind):
        # So deep that no path leads out of folder, whatever links to ".." it goes through.
        self.root = os.path.join(folder, *"0123456789", "checkout")
        self.extra = os.path.join(folder, "extra")
        self.environment = {**os.environ, **GIT_ENVIRONMENT}
        main = self.root if kind == "checkout" else os.path.join(folder, "main")
        os.makedirs(main)
        self.run("init", "-q", "-b", "main", at=main)
        for key, value in (("gc.auto", "0"), ("core.fsync", "none"), ("advice.detachedHead", "false")):
            self.run("config", key, value, at=main)
        self.run("commit", "-q", "--allow-empty", "-m", "empty", at=main)
        if kind == "linked":
            self.run("checkout", "-q", "-b", "elsewhere", at=main)
            self.run("worktree", "add", "-q", self.root, "main", at=main)
        self.dir = self.run("rev-parse", "--absolute-git-dir")
        self.exclude = os.path.join(main, ".git", "info", "exclude")

    def run(self, *words, at=None):
        """Its output, or "" when git refuses."""
        done = subprocess.run(["git", "-C", at or self.root, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, env=self.environment, check=False)
        return os.fsdecode(done.stdout).strip()

    def starting_points(self, *commits):
        """main, other and third begin here."""
        for branch, commit in zip(BRANCHES, commits):
            self.run("tag", "-f", f"start-{branch}", commit)

    def begin(self):
        """Back to the beginning, whatever was left unfinished."""
        for name in UNFINISHED:
            path = os.path.join(self.dir, name)
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.lexists(path):
                os.unlink(path)
        if os.path.exists(self.extra):
            self.run("worktree", "remove", "-f", "-f", self.extra)
        with open(self.exclude, "w", encoding="ascii"):
            pass
        self.run("checkout", "-q", "-f", "-B", "main", "start-main")
        self.run("clean", "-ffdxq")
        self.run("branch", "-q", "-f", "other", "start-other")
        self.run("branch", "-q", "-f", "third", "start-third")
        self.run("stash", "clear")

    def do(self, command):
        for words in COMMANDS[command]:
            self.run(*words)
        if command == "work tree":
            self.linked_tree()

    def do_with(self, command, branch):
        for words in BRANCH_COMMANDS[command]:
            self.run(*words, branch, *(["--", "skills"] if command == "take" else []))

    def go_on(self, how):
        """What a conflict stopped goes on, is given up, or stays as it is."""
        for name, command in (("rebase-merge", "rebase"), ("rebase-apply", "rebase"), ("CHERRY_PICK_HEAD", "cherry-pick")):
            if os.path.exists(os.path.join(self.dir, name)):
                self.run(command, how)

    def linked_tree(self):
        """Another work tree comes, with a commit that moves a branch, or goes."""
        if os.path.exists(self.extra):
            self.run("worktree", "remove", "-f", self.extra)
            return
        self.run("worktree", "add", "-q", "-f", "--detach", self.extra, "main")
        self.run("commit", "-q", "--allow-empty", "-m", "elsewhere", at=self.extra)
