"""Running shelfctl: to its end, or as a follower that is read line by line."""
import os
import re
import selectors
import signal
import subprocess

from .daemon import SANITIZER, SHELFCTL, SOURCE, environment, run
from .waiting import PATIENCE, Deadline, TimedOut


def shelfctl(folder, *arguments, **options):
    """Runs it in a folder; see support.daemon.run."""
    return run(SHELFCTL, *arguments, folder=folder, **options)


class Follower:
    """A shelfctl that goes on, and the lines it prints."""

    def __init__(self, folder, *arguments):
        self.process = subprocess.Popen([SHELFCTL, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=environment(folder), cwd=folder, bufsize=0)
        self.bytes = {self.process.stdout: b"", self.process.stderr: b""}
        self.selector = selectors.DefaultSelector()
        for stream in self.bytes:
            os.set_blocking(stream.fileno(), False)
            self.selector.register(stream, selectors.EVENT_READ)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.selector.close()
        self.process.stdout.close()
        self.process.stderr.close()

    def read(self, seconds):
        for key, _ in self.selector.select(seconds):
            more = key.fileobj.read()
            if more == b"":
                self.selector.unregister(key.fileobj)
            elif more:
                self.bytes[key.fileobj] += more

    def text(self, stream):
        return self.bytes[stream].decode("utf-8", "replace")

    def wait_until(self, what, condition):
        deadline = Deadline()
        while not (found := condition()):
            if deadline.passed() or not self.selector.get_map():
                raise TimedOut(f"waited in vain until {what}:\n{self.output()}\n{self.errors()}")
            self.read(min(0.1, deadline.left()))
        return found

    def output(self):
        return self.text(self.process.stdout)

    def errors(self):
        return self.text(self.process.stderr)

    def lines(self, number):
        """The lines so far, once there are so many."""
        self.wait_until(f"there are {number} lines", lambda: self.output().count("\n") >= number)
        return self.output().splitlines()

    def wait_errors(self, text):
        return self.wait_until(f"stderr has {text!r}", lambda: text in self.errors())

    def wait(self):
        """Until it ends by itself: its exit status."""
        status = self.process.wait(PATIENCE)
        self.read(0)
        assert not SANITIZER.search(self.errors()), self.errors()
        return status

    def stop(self, how=signal.SIGINT):
        self.process.send_signal(how)
        return self.wait()


COMPLETION = SOURCE / "etc" / "completion" / "shelfctl"


def complete(folder, line):
    """What bash would offer at the end of the line, as it would put it there."""
    # bash cuts words at = and : too, as readline does.
    words = [word for word in re.split(r"\s+|([=:])", line) if word]
    if line[-1:].isspace():
        words.append("")
    script = (f"source '{COMPLETION}'\nCOMP_LINE=$1 COMP_POINT=${{#1}}\nshift\nCOMP_WORDS=(\"$@\")\n"
              "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_shelfctl\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n")
    path = f"{os.path.dirname(SHELFCTL)}:{os.environ['PATH']}"
    done = subprocess.run(["bash", "--norc", "-c", script, "bash", line, *words], capture_output=True, text=True,
                          env={**environment(folder), "PATH": path}, cwd=folder, check=False)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return [found for found in done.stdout.splitlines() if found]
