"""Consumers as processes of their own: shelfctl watch, and the two programs of doc/PROTOCOL.md as they stand there."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest

from oracle import published

from . import document
from .daemon import SANITIZER, SHELFCTL, environment
from .waiting import PATIENCE, until


class Consumer:
    """
    What it says goes to files, so that one who pauses holds nobody up. state is what it knows: {key: (rev, sha256)}.
    The process has a group of its own: it may have children.
    """

    def __init__(self, folder, name, server):
        self.name = name
        self.server = server
        self.folder = os.path.join(folder, name)
        os.makedirs(self.folder)
        self.out, self.err = (os.path.join(self.folder, end) for end in ("out", "err"))
        self.read_to = 0
        self.generation, self.rev, self.state = None, 0, {}
        self.settled = False  # state is that of rev
        self.stepped = set()  # (generation, revision) that it went over without saying that it is a gap
        self.gaps = []  # (generation, first, last revision) of what it read from the indexes
        self.resets = 0
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                            env=environment(self.folder, **self.environment()), cwd=self.folder,
                                            start_new_session=True)

    def environment(self):
        return {}

    def send(self, number):
        os.killpg(self.process.pid, number)

    def stop(self):
        if self.process.returncode is None:
            self.send(signal.SIGKILL)
            self.process.wait(PATIENCE)

    def errors(self):
        with open(self.err, encoding="utf-8", errors="replace") as file:
            return file.read()

    def look(self):
        """Takes in what it said since the last look. Returns self."""
        assert self.process.poll() is None, f"{self.name} ended:\n{self.errors()}"
        with open(self.out, encoding="utf-8") as file:
            file.seek(self.read_to)
            while (line := file.readline()).endswith("\n"):
                self.read_to += len(line.encode())
                self.take(line[:-1])
        return self

    def move(self, generation, rev):
        """It says that it is there now: what lies between was in the stream."""
        assert generation == self.generation, f"{self.name} went from {self.generation} to {generation} without a reset"
        self.stepped.update((generation, n) for n in range(self.rev + 1, rev + 1))
        self.rev = max(self.rev, rev)
        self.settled = True

    def skip(self, first, last):
        """It says that it read these from the indexes."""
        assert first == self.rev + 1 <= last, f"{self.name} is at {self.rev}, and sees a gap from {first} to {last}"
        self.gaps.append((self.generation, first, last))
        self.rev = last
        self.settled = False

    def reset(self, generation, rev):
        self.generation, self.rev, self.state = generation, rev, {}
        self.resets += 1
        self.settled = False

    def wait(self, generation, rev, seconds=None):
        until(f"{self.name} is at revision {rev}", lambda: self.look().settled and (self.generation, self.rev) ==
              (generation, rev), seconds)

    def assert_clean(self):
        text = self.errors()
        assert "Traceback" not in text and "syntax error" not in text and not SANITIZER.search(text), text


class Program(Consumer):
    """A program of the document; the lines that it prints are described there."""

    def environment(self):
        return {"REDISCLI_AUTH": document.password(self.server.users["reader"])}

    def take(self, line):
        word, *rest = line.split(" ", 1)
        rest = rest[0]
        if word == "reset":
            generation, rev = rest.split()
            self.reset(generation, int(rev))
        elif word == "at":
            generation, rev = rest.split()
            self.move(generation, int(rev))
        elif word == "gap":
            self.skip(*map(int, rest.split()))
        elif word == "put":
            rev, sha256, key = rest.split(" ", 2)
            self.state[key] = int(rev), sha256
        else:
            assert word == "drop", line
            rev, key = rest.split(" ", 1)
            assert self.state.pop(key)[0] < int(rev), line


class Python(Program):
    def command(self):
        path = os.path.join(self.folder, "consumer.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(document.block("python"))
        return [sys.executable, path, self.server.reader]


class Shell(Program):
    def command(self):
        for program in ("bash", "jq", "redis-cli"):
            if shutil.which(program) is None:
                pytest.skip(f"no {program} in PATH")
        path = os.path.join(self.folder, "consumer.sh")
        with open(path, "w", encoding="utf-8") as file:
            file.write(document.block("bash"))
        return ["bash", path, "main", "-s", self.server.socket, "--user", "reader"]


class Watch(Consumer):
    """Says of gaps on its standard error, before it goes on; what they came to looks as events do."""

    GAP = re.compile(r"revisions (\d+) to (\d+) are not in the stream any more: what they came to follows")
    RESET = re.compile(r".*(all \d+ items follow|\d+ items at revision \d+; changes follow)")

    def __init__(self, *arguments):
        self.items = 0  # that are to come after a reset
        self.heard, self.said = 0, []
        super().__init__(*arguments)

    def command(self):
        return [SHELFCTL, "--redis", self.server.reader, "watch", "--snapshot", "--json"]

    def take(self, line):
        event = json.loads(line)
        data = event["data"]
        rev = data["rev"]
        if event["type"] == "dev.shelfd.catalog.reset":
            self.reset(data["generation"], rev)
            self.items = data["items"]
            self.settled = self.items == 0
            return
        if data["op"] == "deleted":
            self.state.pop(event["subject"], None)
        else:
            self.state[event["subject"]] = rev, data.get("sha256", "-")
        if self.items > 0:
            self.items -= 1
            self.settled = self.items == 0
            return
        if rev > self.rev:
            self.explain(rev)
        self.settled = rev == self.rev

    def gaps_said(self):
        """(number of resets before, first, last revision): another life may have the same revisions."""
        if os.path.getsize(self.err) != self.heard:
            text = self.errors()
            self.heard, self.said, resets = len(text.encode()), [], 0
            for line in text.splitlines():
                resets += self.RESET.fullmatch(line) is not None
                if gap := self.GAP.fullmatch(line):
                    self.said.append((resets, int(gap[1]), int(gap[2])))
        return self.said

    def explain(self, rev):
        gap = next(((first, last) for resets, first, last in self.gaps_said()
                    if (resets, first) == (self.resets, self.rev + 1)), None)
        if gap is not None:
            self.skip(*gap)
        else:
            assert rev == self.rev + 1, f"{self.name} went from {self.rev} to {rev} without a word"
            self.move(self.generation, rev)


def assert_equal_to_the_truth(consumers, client):
    """Waits until they are where the head is, which nobody moves."""
    have = published.take(client)
    truth = {key: (int(item["rev"]), item["sha256"]) for key, item in have.items.items()}
    for consumer in consumers:
        consumer.wait(have.head["generation"], int(have.head["rev"]), 4 * PATIENCE)
        assert consumer.state == truth, consumer.name
