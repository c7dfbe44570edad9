"""The oracle of the stream at work: a thread that replays it as it grows, through whatever happens to Redis."""
import json
import threading

import redis

from oracle.published import prefix
from oracle.stream import Replay

from .redisserver import OURS
from .waiting import until


class Replayer:
    """replay: what it made of the stream. resets: how often it had to forget all it knew."""

    def __init__(self, server, catalog="main"):
        self.server = server
        self.prefix = prefix(catalog)
        self.replay = Replay(catalog, may_cut=True)
        self.resets = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def last(self):
        return self.replay.revs[-1] if self.replay.revs else 0

    def forget(self):
        wrong = self.replay.wrong
        self.resets += self.replay.generation is not None
        self.replay = Replay(self.replay.catalog, may_cut=True)
        self.replay.wrong = wrong

    def look(self, client):
        """Step 5 and 6: is this still the catalog that was followed?"""
        generation, rev = client.hmget(self.prefix + "head", "generation", "rev")
        if self.replay.generation is not None and (generation != self.replay.generation or int(rev) < self.last()):
            self.forget()

    def read(self, client):
        self.look(client)
        rows = client.xread({self.prefix + "changes": f"{self.last()}-0"}, count=500, block=100)
        for entry_id, fields in rows[0][1] if rows else ():
            generation = json.loads(fields["event"])["data"]["generation"]
            if self.replay.generation not in (None, generation):
                self.forget()
                return
            self.replay.feed(entry_id, fields["event"])

    def run(self):
        while not self.ended.is_set():
            master = self.server.find_master()
            if master is None:
                self.ended.wait(0.05)
                continue
            client = redis.Redis(unix_socket_path=master.socket, decode_responses=True, client_name=OURS, socket_timeout=2)
            try:
                # An old master that lives on answers as if nothing had happened.
                while not self.ended.is_set() and self.server.find_master() is master:
                    self.read(client)
            except redis.RedisError:
                pass  # it is away: look for another one, and go on from where this stood
            finally:
                client.close()

    def catch_up(self):
        """Waits until it stands where the catalog does."""
        client = self.server.client()

        def there():
            generation, rev = client.hmget(self.prefix + "head", "generation", "rev")
            return self.replay.generation == generation and self.last() == int(rev)
        until("the replayer has caught up", there)

    def close(self):
        self.ended.set()
        self.thread.join()
