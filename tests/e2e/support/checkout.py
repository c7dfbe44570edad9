"""A git checkout that a test fills: real git, without the user's or the machine's configuration."""
import os
import shutil
import subprocess

GIT_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A. Uthor",
    "GIT_AUTHOR_EMAIL": "author@example.org",
    "GIT_COMMITTER_NAME": "A. Uthor",
    "GIT_COMMITTER_EMAIL": "author@example.org",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_EDITOR": "true",
}


def skill(name, description="What it does, and when to use it.", body="Body.\n", **more):
    lines = "".join(f"{key}: {value}\n" for key, value in more.items())
    return f"---\nname: {name}\ndescription: {description}\n{lines}---\n\n# {name}\n\n{body}"


def remove(full):
    """A file, a symbolic link, or a folder with all that is in it."""
    if os.path.isdir(full) and not os.path.islink(full):
        shutil.rmtree(full)
    else:
        os.unlink(full)


class Checkout:
    def __init__(self, root):
        self.root = root
        os.makedirs(root, exist_ok=True)

    def init(self):
        self.git("init", "-q", "-b", "main")
        self.git("config", "gc.auto", "0")
        return self

    def git(self, *words, check=True):
        done = subprocess.run(["git", "-C", self.root, *words], capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, env={**os.environ, **GIT_ENVIRONMENT})
        if check and done.returncode != 0:
            raise AssertionError(f"git {' '.join(words)}: {done.stderr or done.stdout}")
        return done.stdout.strip()

    def commit(self, message="change"):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.head()

    def head(self):
        return self.git("rev-parse", "HEAD")

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def write(self, path, content):
        """Write and close, as most programs do. Makes the folders."""
        full = self.path(path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)

    def replace(self, path, content):
        """Write a temporary file and rename it over the old one, as careful editors do."""
        full = self.path(path)
        temporary = os.path.join(os.path.dirname(full), "." + os.path.basename(full) + ".new")
        with open(temporary, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        os.rename(temporary, full)

    def read(self, path):
        with open(self.path(path), encoding="utf-8") as file:
            return file.read()

    def rename(self, old, new):
        os.makedirs(os.path.dirname(self.path(new)), exist_ok=True)
        os.rename(self.path(old), self.path(new))

    def remove(self, path):
        remove(self.path(path))

    def skill(self, name, *args, **kwargs):
        """Writes skills/<name>/SKILL.md."""
        self.write(f"skills/{name}/SKILL.md", skill(os.path.basename(name), *args, **kwargs))
