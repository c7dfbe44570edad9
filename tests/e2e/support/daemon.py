"""Running shelfd and shelfctl as a user would."""
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess

import yaml

from .checkout import GIT_ENVIRONMENT
from .notify import NotifySocket
from .waiting import PATIENCE, until

SOURCE = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("SHELFD_BUILD", SOURCE)).resolve()
SHELFD = BUILD / "src" / "shelfd"
SHELFCTL = BUILD / "src" / "ctl" / "shelfctl"


def sanitized():
    """Was it built with sanitizers? Each process is an order slower then."""
    makefile = (BUILD / "Makefile").read_text(encoding="utf-8")
    return re.search(r"^SHELFD_CFLAGS = .*-fsanitize", makefile, re.MULTILINE) is not None


# For a test of memory: a sanitizer keeps what is freed for a while, to see it used.
FREES_AT_ONCE = {"ASAN_OPTIONS": ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=1"]))}

SANITIZER = re.compile(r"AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error:")


def environment(folder, **more):
    """Ours, without anything that would change what the programs do."""
    kept = {k: v for k, v in os.environ.items()
            if not k.startswith(("SHELFD_", "XDG_", "NOTIFY_", "WATCHDOG_", "GIT_", "REDIS"))
            and k not in ("RUNTIME_DIRECTORY", "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY", "JOURNAL_STREAM")}
    return {**kept, **GIT_ENVIRONMENT, "HOME": folder, "XDG_RUNTIME_DIR": os.path.join(folder, "run"),
            "XDG_STATE_HOME": os.path.join(folder, "state"), "NO_COLOR": "1", "LC_ALL": "C.UTF-8", **more}


class Control(http.client.HTTPConnection):
    """HTTP on the control socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE)
        self.unix_path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.unix_path)


class Daemon:
    """One shelfd. folder: private, holds its configuration, log, runtime and state folders."""

    def __init__(self, folder, settings, arguments=(), env=None):
        self.folder = folder
        os.makedirs(os.path.join(folder, "run"), exist_ok=True, mode=0o700)
        self.settings = {"runtime_dir": os.path.join(folder, "run"), "state_dir": os.path.join(folder, "state"),
                         **settings}
        self.config = os.path.join(folder, "shelfd.yaml")
        self.control = os.path.join(self.settings["runtime_dir"], "control.sock")
        self.log = os.path.join(folder, "log")
        self.arguments = arguments
        self.env = env or {}
        self.prefix = []  # a command that runs shelfd in its own process, such as unshare(1)
        self.process = None
        self.notify = None
        self.configure()

    def configure(self, **changes):
        """Writes the configuration file; changes replace top-level keys."""
        self.settings.update(changes)
        with open(self.config, "w", encoding="utf-8") as file:
            yaml.safe_dump(self.settings, file, sort_keys=False)

    def start(self, wait=True):
        """wait: until it says that it is ready."""
        if self.notify is not None:
            self.notify.close()  # with what an earlier process may have said last
        self.notify = NotifySocket(self.folder)
        env = environment(self.folder, NOTIFY_SOCKET=self.notify.path, **self.env)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*self.prefix, SHELFD, "-c", self.config, *self.arguments], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env=env, cwd=self.folder)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        return self.notify.wait_for("READY=1", alive=self.assert_alive)

    def assert_alive(self):
        if self.process.poll() is not None:
            raise AssertionError(f"shelfd ended with {self.process.returncode}:\n{self.output()}")

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def wait_output(self, pattern, seconds=None):
        return until(f"the log has {pattern!r}", lambda: re.search(pattern, self.output()), seconds)

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, how=signal.SIGTERM, seconds=None):
        """Ends it and returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.wait(seconds)

    def wait(self, seconds=None):
        try:
            return self.process.wait(PATIENCE if seconds is None else seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"shelfd does not end:\n{self.output()}") from None

    def kill(self):
        return self.stop(signal.SIGKILL)

    def close(self):
        """After the test, whatever became of it."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.notify is not None:
            self.notify.close()

    def assert_clean(self):
        if self.process is not None and (found := SANITIZER.search(self.output())):
            raise AssertionError(f"{found[0]}:\n{self.output()}")

    def request(self, method, path, body=None):
        """(status, parsed JSON)"""
        connection = Control(self.control)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None,
                               {"Content-Type": "application/json"} if body is not None else {})
            response = connection.getresponse()
            text = response.read().decode()
            return response.status, json.loads(text) if text else None
        finally:
            connection.close()

    def barrier(self):
        """Everything that was done to the files before this call is published when it returns."""
        status, answer = self.request("POST", "/api/v1/sync", {"wait": True, "scan": False})
        assert status == 200, (status, answer, self.output())
        return answer

    def status(self):
        status, answer = self.request("GET", "/api/v1/sync/status")
        assert status == 200, (status, answer)
        return answer

    def wait_seen(self, files):
        """Without Redis there is no barrier: waits until it knows so many files, and none of them is to settle."""
        until(f"{files} files are seen", lambda: (w := self.status()["watch"])["files"] == files and not w["waiting"])

    def sync(self, **body):
        status, answer = self.request("POST", "/api/v1/sync", {"wait": True, **body})
        assert status == 200, (status, answer, self.output())
        return answer


def run(program, *arguments, folder, seconds=None, check=None, stdin=None, **env):
    """Runs a program to its end. check: the exit status it must have."""
    done = subprocess.run([program, *arguments], capture_output=True, env=environment(folder, **env), cwd=folder,
                          timeout=2 * PATIENCE if seconds is None else seconds, check=False,
                          **({"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}))
    done.stdout = done.stdout.decode("utf-8", "replace")
    done.stderr = done.stderr.decode("utf-8", "replace")
    assert not SANITIZER.search(done.stderr), done.stderr
    if check is not None:
        assert done.returncode == check, f"exit {done.returncode}, not {check}\n{done.stdout}\n{done.stderr}"
    return done
