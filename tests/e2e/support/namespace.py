"""What a test may do to the machine without anybody noticing."""
import ctypes
import os
import shutil
import subprocess

import pytest


def unprivileged():
    """A command that runs a program for which the modes of files count, also when we are root."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("root may read every file, and there is no setpriv(1) to give that up")
    return [setpriv, "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]


def few_watches(number):
    """A command that runs a program in a user namespace where so many inotify watches are allowed."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("no unshare(1)")
    words = [unshare, "-Ur", "sh", "-c", f'echo {number} >/proc/sys/user/max_inotify_watches && exec "$@"', "sh"]
    if subprocess.run([*words, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no user namespace can be made here")
    return words


def allow_watches(pid, number):
    subprocess.run(["nsenter", "-t", str(pid), "-U", "--preserve-credentials", "sh", "-c",
                    f"echo {number} >/proc/sys/user/max_inotify_watches"], check=True)


CLONE_FS = 0x200
CLONE_NEWNS = 0x20000


class Mounts:
    """Mounts in a namespace of our own, which whatever we start is in as well."""

    def __init__(self):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.outside = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        if self.libc.unshare(CLONE_NEWNS) != 0:
            os.close(self.outside)
            pytest.skip(f"no mount namespace can be made here: {os.strerror(ctypes.get_errno())}")
        self.run("--make-rprivate", "/")

    def run(self, *words):
        done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def try_run(self, *words):
        """Skips the test where the kernel does not have it."""
        done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"mount {' '.join(words)}: {done.stderr.strip()}")

    def bind(self, what, where):
        self.run("--bind", what, where)

    def unmount(self, where, *words):
        subprocess.run(["umount", *words, where], check=True)

    def close(self):
        # Threads share a root and a working directory, and setns(2) wants them for itself.
        if self.libc.unshare(CLONE_FS) != 0 or self.libc.setns(self.outside, CLONE_NEWNS) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        os.close(self.outside)
