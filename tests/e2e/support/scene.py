"""A scene: one checkout, one redis-server, one shelfd, and what must hold between them."""
import os

import oracle.checkout
from oracle import published, stream

from .checkout import Checkout
from .daemon import SHELFCTL, SHELFD, Daemon, run
from .proxy import Proxy
from .redisserver import RedisServer
from .subscriber import Subscriber
from .waiting import until


class Scene:
    def __init__(self, folder, root=None):
        self.folder = folder
        self.checkout = Checkout(root or os.path.join(folder, "checkout"))
        self.server = None
        self.daemons = []
        self.proxies = []
        self.subscribers = []
        self.collections = None  # the oracle's, when they are not the default ones

    def redis(self, *options):
        """Starts the redis-server, once."""
        if self.server is None:
            self.server = RedisServer(os.path.join(self.folder, "redis"), *options).start()
        return self.server.client()

    def subscriber(self):
        self.redis()
        self.subscribers.append(Subscriber(self.server.client()))
        return self.subscribers[-1]

    def proxy(self):
        """A relay to the redis-server that can be told to fail."""
        self.redis()
        path = os.path.join(self.folder, f"proxy{len(self.proxies)}.sock")
        self.proxies.append(Proxy(path, self.server.socket, self.server.url.replace(self.server.socket, path)))
        return self.proxies[-1]

    def settings(self, **more):
        return {"catalog": "main", "source": {"root": self.checkout.root}, "redis": {"url": self.server.url}, **more}

    def daemon(self, name="shelfd", arguments=(), env=None, **settings):
        """A shelfd, not yet started."""
        self.redis()
        folder = os.path.join(self.folder, name)
        os.makedirs(folder)
        self.daemons.append(Daemon(folder, self.settings(**settings), arguments, env))
        return self.daemons[-1]

    def once(self, *arguments, check=0, **env):
        """shelfd --once; returns the finished process."""
        self.redis()
        return run(SHELFD, "-C", self.checkout.root, "--redis", self.server.url, "--once", *arguments,
                   folder=self.folder, check=check, **env)

    def shelfd(self, *arguments, **options):
        return run(SHELFD, *arguments, folder=self.folder, **options)

    def shelfctl(self, *arguments, **options):
        return run(SHELFCTL, *arguments, folder=self.folder, **options)

    def published(self, catalog="main"):
        return published.take(self.server.client(), catalog)

    def expected(self, root=None):
        return oracle.checkout.expected(root or self.checkout.root, self.collections)

    def check(self, stale=None, commit=None, may_cut=False, catalog="main", root=None, replay=None):
        """
        Asserts that Redis is what the oracle says, at one with itself, and what a replay gives: of the whole stream, or the one
        given, which has all of it. Returns it.
        """
        have = self.published(catalog)
        wrong = published.differences(self.expected(root), have, commit, stale)
        wrong += published.inconsistencies(have)
        if replay is None:
            replay = stream.replay(self.server.client(), catalog, may_cut=may_cut)
        wrong += stream.differences(replay, have)
        assert not wrong, "\n".join(wrong[:40])
        return have

    def settle(self, daemon, **options):
        """Barrier, then check."""
        daemon.barrier()
        return self.check(**options)

    def changes(self, since=0, catalog="main"):
        """The events of the stream after a revision, parsed."""
        replay = stream.Replay(catalog)
        rows = self.server.client().xrange(published.prefix(catalog) + "changes", f"({since}-0" if since else "-")
        return [replay.feed(None, fields["event"]) for _, fields in rows]

    def rev(self):
        return int(self.server.client().hget(published.prefix() + "head", "rev") or 0)

    def wait_item(self, key, what="is there", condition=bool, seconds=None):
        client = self.server.client()
        return until(f"{key} {what}", lambda: (f := client.hgetall(f"{published.prefix()}item:{key}")) is not None
                     and condition(f) and (f or True), seconds)

    def show_logs(self):
        for daemon in self.daemons:
            if daemon.process is not None:
                print(f"--- log of {os.path.basename(daemon.folder)}\n{daemon.output()[-20000:]}")

    def close(self):
        for subscriber in self.subscribers:
            subscriber.close()
        for daemon in self.daemons:
            daemon.close()
        for proxy in self.proxies:
            proxy.close()
        if self.server is not None:
            self.server.stop()
