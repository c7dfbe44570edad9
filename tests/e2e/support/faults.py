"""System calls of a running program that fail for a while, by strace(1)."""
import os
import re
import shutil
import signal
import subprocess
import tempfile

import pytest

from .waiting import PATIENCE, until


def strace():
    program = shutil.which("strace")
    if program is None:
        pytest.skip("there is no strace")
    done = subprocess.run([program, "-o", os.devnull, "true"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"strace may not trace here: {done.stderr.strip()}")
    return program


def from_start(folder, inject, only=()):
    """A command that runs a program whose calls fail from its start on; they must have an end (when=1..9)."""
    paths = [word for path in only for word in ("-P", path)]
    return [strace(), "-D", "-f", "-qq", "-o", os.path.join(folder, "strace"), *paths, "-e",
            f"trace={inject.split(':')[0]}", "-e", f"inject={inject}", "--"]


def met(folder):
    """Did a call fail since from_start(folder, ...)?"""
    with open(os.path.join(folder, "strace"), "rb") as file:
        return b"(INJECTED)" in file.read()


class Fault:
    """
    While it lasts, calls of the process fail: inject is one of strace's expressions without the "inject=". only: where
    it concerns these paths, as they are given to the call or as /proc shows the descriptor.
    """

    def __init__(self, pid, inject, only=()):
        self.pid = pid
        self.inject = inject
        self.only = [word for path in only for word in ("-P", path)]
        self.log = None
        self.process = None

    def __enter__(self):
        self.log = tempfile.NamedTemporaryFile(prefix="strace-")
        self.process = subprocess.Popen(
            [strace(), "-f", "-qq", "-o", self.log.name, *self.only, "-e", f"trace={self.inject.split(':')[0]}", "-e",
             f"inject={self.inject}", "-p", str(self.pid)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            until("strace has all threads", self.attached)
        except BaseException:
            self.__exit__()
            raise
        return self

    def attached(self):
        if self.process.poll() is not None:
            raise AssertionError(f"strace ended: {self.process.stderr.read().decode()}")
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{thread}/status", encoding="ascii") as file:
                if re.search(r"TracerPid:\t0\n", file.read()):
                    return False
        return True

    def count(self):
        """How many calls failed so far."""
        with open(self.log.name, "rb") as file:
            return file.read().count(b"(INJECTED)")

    def wait(self):
        until(f"{self.inject} was met", self.count)

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()
        self.log.close()


SHORT_READS = r"""
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Leaves a trace of each kind, so that a test knows that it was met. */
static void met(const char *name)
{
	syscall(SYS_close, (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

ssize_t pread64(int fd, void *p, size_t n, off64_t at)
{
	if (n > 7)
		met("MET/pread");
	return syscall(SYS_pread64, fd, p, n > 7 ? 7 : n, at);
}

ssize_t pread(int fd, void *p, size_t n, off_t at)
{
	return pread64(fd, p, n, at);
}

/* Room for one name of any length. */
ssize_t getdents64(int fd, void *p, size_t n)
{
	if (n > 288)
		met("MET/getdents");
	return syscall(SYS_getdents64, fd, p, n > 288 ? 288 : n);
}
"""


def short_reads(folder):
    """Environment in which a program reads 7 bytes of a file at once, and a name or so of a folder; where that is seen."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    met = os.path.join(folder, "met")
    os.mkdir(met)
    source, library = os.path.join(folder, "short.c"), os.path.join(folder, "short.so")
    with open(source, "w", encoding="utf-8") as file:
        file.write(SHORT_READS.replace("MET", met))
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    return {"LD_PRELOAD": library}, met
