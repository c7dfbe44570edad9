"""shelfctl lint --changed: only what git says changed. And the hook of the README."""
import json
import os
import re
import shutil

import pytest

from support.checkout import Checkout
from support.ctl import shelfctl
from support.daemon import SHELFCTL, SOURCE, run

BROKEN = "---\nname: broken\ndescription: a: b\n---\n"


@pytest.fixture
def checkout(folder):
    made = Checkout(os.path.join(folder, "checkout")).init()
    made.write(".gitignore", "skills/ignored/\n")
    for name in ("old", "modified", "staged", "deleted"):
        made.skill(name)
    made.write("skills/broken-before/SKILL.md", BROKEN)
    made.commit()
    return made


def found(checkout, *arguments, at="", check=5):
    done = shelfctl(checkout.path(at) if at else checkout.root, "lint", "--json", *arguments, check=check)
    return sorted(json.loads(line)["path"] for line in done.stdout.splitlines())


def change(checkout):
    checkout.write("skills/modified/SKILL.md", BROKEN)
    checkout.write("skills/staged/SKILL.md", BROKEN)
    checkout.git("add", "skills/staged")
    checkout.write("skills/new é\n/SKILL.md", BROKEN)
    checkout.write("skills/ignored/SKILL.md", BROKEN)
    checkout.remove("skills/deleted")


CHANGED = ["skills/modified/SKILL.md", "skills/new é%0A/SKILL.md", "skills/staged/SKILL.md"]


def test_changed_is_what_differs_from_head_or_is_new(checkout):
    assert found(checkout, "--changed", check=0) == []
    change(checkout)
    assert found(checkout, "--changed") == CHANGED
    assert found(checkout, "--changed", at="skills") == CHANGED
    assert "skills/broken-before/SKILL.md" in found(checkout)


def test_changed_since_a_revision(checkout):
    checkout.git("branch", "base")
    checkout.write("skills/committed/SKILL.md", BROKEN)
    checkout.commit()
    change(checkout)
    want = sorted([*CHANGED, "skills/committed/SKILL.md"])
    assert found(checkout, "--changed") == CHANGED
    assert found(checkout, "--changed=base") == want
    assert found(checkout, "--changed", "base") == want
    assert found(checkout, "--changed", "HEAD~1") == want
    assert found(checkout, "--changed", "base", "skills/committed") == ["skills/committed/SKILL.md"]


def test_changed_and_paths_leave_what_is_both(checkout):
    change(checkout)
    assert found(checkout, "--changed", "skills/staged", "skills/old") == ["skills/staged/SKILL.md"]
    assert found(checkout, "--changed", "skills/old", check=0) == []


def test_a_path_goes_before_a_revision_of_the_same_name(checkout):
    checkout.git("branch", "skills")
    change(checkout)
    checkout.commit()
    assert found(checkout, "--changed", "skills", check=0) == []
    assert found(checkout, "--changed=skills") == CHANGED


def test_nothing_is_committed_yet(folder):
    checkout = Checkout(folder).init()
    checkout.write("skills/a/SKILL.md", BROKEN)
    checkout.write("skills/b/SKILL.md", BROKEN)
    checkout.git("add", "skills/a")
    assert found(checkout, "--changed") == ["skills/a/SKILL.md", "skills/b/SKILL.md"]


def test_the_root_may_lie_within_the_checkout(folder):
    checkout = Checkout(folder).init()
    checkout.write("deep/skills/a/SKILL.md", BROKEN)
    checkout.write("deep/skills/modified/SKILL.md", BROKEN)
    checkout.write("skills/d/SKILL.md", BROKEN)
    checkout.commit()
    checkout.write("deep/skills/b/SKILL.md", BROKEN)
    checkout.write("deep/skills/modified/SKILL.md", BROKEN + "More.\n")
    checkout.write("skills/c/SKILL.md", BROKEN)
    checkout.write("skills/d/SKILL.md", BROKEN + "More.\n")
    assert found(checkout, "--changed", "-C", "deep") == ["skills/b/SKILL.md", "skills/modified/SKILL.md"]


def test_what_git_can_not_answer_is_told(checkout, folder):
    assert "no commit nowhere" in shelfctl(checkout.root, "lint", "--changed=nowhere", check=1).stderr
    assert "no commit --output=x" in shelfctl(checkout.root, "lint", "--changed=--output=x", check=1).stderr
    assert not os.path.exists(checkout.path("x"))
    outside = Checkout(os.path.join(folder, "outside"))
    outside.skill("pdf")
    assert "not a git repository" in shelfctl(outside.root, "lint", "--changed", check=1).stderr
    done = run(SHELFCTL, "lint", "--changed", folder=checkout.root, PATH=folder, check=1)
    assert "git: No such file or directory" in done.stderr


def test_no_program_that_the_checkout_names_is_run(checkout, folder):
    trap = os.path.join(folder, "trap")
    with open(trap, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\ntouch '{folder}/sprung'\n")
    os.chmod(trap, 0o755)
    change(checkout)
    for key in ("core.fsmonitor", "diff.external", "core.pager"):
        checkout.git("config", key, trap)
    assert found(checkout, "--changed") == CHANGED
    assert not os.path.exists(os.path.join(folder, "sprung"))


# The hook of the README, as it stands there.

@pytest.fixture
def hooked(checkout):
    text = (SOURCE / "README.md").read_text(encoding="utf-8")
    hook, = re.findall(r"^```sh\n(#!/bin/sh\n.*?pre-commit.*?)^```$", text, re.M | re.S)
    path = checkout.path(".git", "hooks", "pre-commit")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(hook)
    os.chmod(path, 0o755)
    return checkout


def commit(checkout, *arguments):
    return run("git", "commit", "-q", "-m", "change", *arguments, folder=checkout.root,
               PATH=f"{SHELFCTL.parent}:{os.environ['PATH']}")


def test_the_hook_refuses_a_broken_manifest(hooked):
    before = hooked.head()
    hooked.write("skills/a/SKILL.md", BROKEN)
    hooked.git("add", "skills/a")
    done = commit(hooked)
    assert done.returncode != 0 and hooked.head() == before
    assert "skills/a/SKILL.md:3:15: error: " in done.stdout + done.stderr


def test_the_hook_lets_a_good_commit_through_beside_what_was_broken_before(hooked):
    before = hooked.head()
    hooked.skill("good")
    hooked.write("notes.txt", "x\n")
    hooked.git("add", "-A")
    done = commit(hooked)
    assert done.returncode == 0 and hooked.head() != before, done.stderr


def test_the_hook_looks_at_what_is_staged(hooked):
    hooked.write("skills/a/SKILL.md", BROKEN)
    hooked.git("add", "skills/a")
    hooked.skill("a")
    assert commit(hooked).returncode != 0, "mended only in the work tree"
    hooked.git("add", "skills/a")
    hooked.write("skills/a/SKILL.md", BROKEN)
    assert commit(hooked).returncode == 0, "broken only in the work tree"


def test_the_hook_knows_the_rest_of_a_bundle(hooked):
    """A file beside an entry manifest that did not change is no manifest."""
    hooked.write("tools/b/tool.yaml", "name: b\ndescription: d\n")
    hooked.git("add", "-A")
    hooked.git("commit", "-q", "--no-verify", "-m", "a bundle")
    hooked.write("tools/b/data.yaml", "a: [")
    hooked.git("add", "-A")
    assert commit(hooked).returncode == 0


def test_the_hook_lets_a_first_commit_without_collections_through(folder, hooked):
    new = Checkout(os.path.join(folder, "new")).init()
    shutil.copy2(hooked.path(".git", "hooks", "pre-commit"), new.path(".git", "hooks"))
    new.write("README.md", "# New\n")
    new.git("add", "-A")
    done = commit(new)
    assert done.returncode == 0, done.stderr


def test_the_hook_lets_deletions_and_other_files_through(hooked):
    hooked.remove("skills/old")
    hooked.write("src/main.c", "int main;\n")
    hooked.git("add", "-A")
    assert commit(hooked).returncode == 0
