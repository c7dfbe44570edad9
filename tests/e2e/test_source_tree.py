"""The source tree keeps its own rules."""
import shutil
import subprocess

import pytest

from support.daemon import SOURCE

STATIC = SOURCE / "tests" / "static"


def includes(src):
    return subprocess.run([STATIC / "includes.py", src], capture_output=True, text=True, check=False)


def test_every_include_follows_the_direction_of_the_architecture():
    done = includes(SOURCE / "src")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file, line", [
    ("base/wrong.c", '#include "manifest/kind.h"'),
    ("manifest/wrong.c", '#include "catalog/item.h"'),
    ("catalog/wrong.h", '#include "redis/keys.h"'),
    ("config/wrong.c", '#include "catalog/item.h"'),
    ("watch/wrong.c", '#include "redis/conn.h"'),
    ("redis/wrong.c", '#  include "watch/tree.h"'),
    ("git/wrong.c", '#include "manifest/kind.h"'),
    ("http/wrong.c", '#include "agent.h"'),
    ("ctl/wrong.c", '#include "watch/watcher.h"'),
    ("agent.c", '#include "ctl/ctl.h"'),
    ("catalog/wrong.c", "#include <sys/inotify.h>"),
    ("newroom/wrong.c", '#include "base/err.h"'),
])
def test_an_include_against_the_direction_is_found(tmp_path, file, line):
    src = tmp_path / "src"
    shutil.copytree(SOURCE / "src", src, ignore=shutil.ignore_patterns("*.o", ".deps", "*.a"))
    wrong = src / file
    wrong.parent.mkdir(exist_ok=True)
    wrong.write_text(f"/* wrong */\n{line}\n")
    done = includes(src)
    assert done.returncode == 1
    assert f"{wrong}:2: " in done.stdout
    assert done.stdout.count("\n") == 1


def test_a_file_of_more_than_600_lines_is_found(tmp_path):
    for folder in ("src", "tests", "bench", "script"):
        (tmp_path / folder).mkdir()
    (tmp_path / "src" / "long.c").write_text("\n" * 600)
    check = [STATIC / "file_length.sh"]
    assert subprocess.run(check, env={"srcdir": str(tmp_path)}, check=False).returncode == 0
    (tmp_path / "src" / "long.c").write_text("\n" * 601)
    done = subprocess.run(check, env={"srcdir": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "src/long.c: 601 lines" in done.stdout
