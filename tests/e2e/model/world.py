"""One checkout, one redis-server and one shelfd that live through many sequences, and what must hold between them."""
import os
import signal
import traceback

import oracle.checkout
from oracle import names, published, stream
from support.scene import Scene

from .files import Files
from .gitwork import Git

# Shorter than the defaults: a quiet point lasts as long as the longest of them.
WATCH = {"quiet": "5ms", "writer": "15ms", "max_delay": "60ms", "git_quiet": "10ms", "git_hold": "300ms"}


class World:
    """folder: private, with a short path."""

    def __init__(self, folder, kind):
        self.git = Git(folder, kind)
        self.scene = Scene(folder, self.git.root)
        self.files = Files(folder, self.git.root, ["skills", "tools", "mcps", "elsewhere"])
        self.fill()
        self.scene.redis()
        self.redis = self.scene.server.client()
        self.shelfds = 0
        self.daemon = None
        self.frozen = self.hung = self.down = self.starting = False
        self.spoilt = False  # a check failed: what shelfd believes may be wrong, so the next sequence gets another
        self.replay, self.read_to = None, 0
        self.story = []  # what was done since the beginning
        self.failure = None  # the first: its traceback and story
        self.safe = {}  # path -> key of the items that were good at the last look and whose manifest was only written

    def fill(self):
        """Three branches that differ, and conflict."""
        heads = []
        for n in range(3):
            for name in ("a", "b", f"own{n}"):
                text = f"---\nname: {name}\ndescription: On branch {n}.\n---\nBody.\n"
                self.files.write(f"skills/{name}/SKILL.md", text.encode())
            self.files.write("tools/x.yaml", f"name: x\nversion: {n}.0\n".encode())
            self.files.write(f"mcps/m{n}/server.json", b'{"name": "m"}')
            self.git.do("commit")
            heads.append(self.git.run("rev-parse", "HEAD"))
            if n < 2:
                self.git.run("reset", "-q", "--hard", "HEAD~1")
        self.git.starting_points(*heads)

    def begin(self):
        """The same for every sequence, so that a failing one can be replayed and made smaller."""
        self.story = []
        self.settle_machines()
        self.files.close()
        self.files.unseen = False
        self.git.begin()
        if self.daemon is None or self.spoilt:
            self.renew()
        self.daemon.barrier()
        self.look_at_stream()
        self.safe = {}

    def renew(self):
        if self.daemon is not None:
            self.daemon.kill()
            self.redis.flushall()
        self.shelfds += 1
        self.daemon = self.scene.daemon(f"shelfd{self.shelfds}", watch=WATCH).start()
        self.replay, self.read_to = stream.Replay(), 0
        self.spoilt = False

    def freeze(self):
        self.tell("freeze")
        self.settle_start()
        self.daemon.send(signal.SIGSTOP)
        self.frozen = True

    def thaw(self):
        if self.frozen:
            self.tell("thaw")
            self.daemon.send(signal.SIGCONT)
        self.frozen = False

    def outage(self, what):
        """Of Redis: short ones; or of shelfd itself."""
        self.tell("outage", what)
        self.settle_redis()
        if what == "cut":
            self.redis.client_kill_filter(_type="normal", skipme=True)
        elif what == "hang":
            self.scene.server.process.send_signal(signal.SIGSTOP)
            self.hung = True
        elif what == "stop":
            self.redis.config_set("save", "3600 1")  # so that it keeps its data
            self.scene.server.stop()
            self.down = True
        else:
            self.thaw()
            self.settle_start()
            self.daemon.stop(signal.SIGTERM if what == "restart" else signal.SIGKILL)
            self.daemon.start(wait=False)
            self.starting = True

    def settle_redis(self):
        if self.hung:
            self.scene.server.process.send_signal(signal.SIGCONT)
        if self.down:
            self.scene.server.start()
        self.hung = self.down = False

    def settle_start(self):
        if self.starting:
            self.settle_redis()
            self.daemon.wait_ready()
        self.starting = False

    def settle_machines(self):
        self.thaw()
        self.settle_redis()
        self.settle_start()

    def quiet(self):
        """Everything is up, and everything is done: do the files, Redis and the stream agree?"""
        self.tell("quiet")
        self.spoilt = True
        try:
            self.look()
        except Exception:
            # What comes after it, the same again and made smaller, may end otherwise.
            self.failure = self.failure or (traceback.format_exc(), list(self.story))
            raise
        self.spoilt = False

    def look(self):
        self.settle_machines()
        self.daemon.assert_alive()
        if self.files.unseen:
            self.daemon.sync()
        else:
            self.daemon.barrier()
        self.files.unseen = False
        self.check()

    def check(self):
        have = published.take(self.redis)
        want = oracle.checkout.expected(self.git.root)
        stale = {key: item for key, item in have.items.items() if item["state"] == "stale"}
        want.keep({key: item["path"] for key, item in stale.items()})
        wrong = self.wrong_stale(want, stale)
        wrong += published.differences(want, have, stale=stale)
        wrong += published.inconsistencies(have)
        self.look_at_stream()
        wrong += stream.differences(self.replay, have)
        assert not wrong, "\n".join(wrong[:40])
        self.safe = {item["path"]: key for key, item in have.items.items()}

    def tell(self, *words):
        self.story.append(words)

    def disturb(self, *paths):
        """What happens to these ("": to anything) may be more than a change of a file's bytes."""
        tops = [names.encode(os.fsencode(os.path.relpath(os.path.realpath(self.files.path(path)), self.git.root)))
                if path else "" for path in paths]
        # An entry manifest may take the id of a file that lies beside its folder.
        folders = [os.path.dirname(os.path.dirname(top)) for top in tops]
        self.safe = {path: key for path, key in self.safe.items()
                     if not any(folder == "" or path.startswith(folder + "/") for folder in folders)}

    def wrong_stale(self, want, stale):
        """An item stays although its manifest is broken, if nothing but that happened to it."""
        out = [f"{key} is stale, but {item['path']} is not broken" for key, item in stale.items()
               if item["path"] not in want.broken]
        out += [f"{key} is stale, but another manifest has its id" for key in stale.keys() & want.items.keys()]
        out += [f"{key} should have stayed as it was when {path} broke" for path, key in self.safe.items()
                if path in want.broken and key not in want.items and stale.get(key, {}).get("path") != path]
        return out

    def look_at_stream(self):
        """What was published since the last look goes into the replay."""
        for entry, fields in self.redis.xrange(published.prefix() + "changes", f"({self.read_to}-0"):
            self.replay.feed(entry, fields["event"])
            self.read_to = int(entry.split("-")[0])
        self.replay.finish()

    def close(self):
        self.files.close()
        self.thaw()
        if self.hung:
            self.scene.server.process.send_signal(signal.SIGCONT)
        self.scene.close()
