"""A scene whose shelfd runs, with the events since the last look."""


class Live:
    def __init__(self, scene, prefix=(), **settings):
        self.scene = scene
        self.checkout = scene.checkout
        self.control = []
        self.daemon = scene.daemon(**settings)
        self.daemon.prefix = list(prefix)
        self.daemon.start()
        self.listen()

    @classmethod
    def starting(cls, scene, daemon):
        """Of a daemon that is only about to start, beside a catalog that is there already."""
        live = cls.__new__(cls)
        live.scene, live.checkout, live.daemon, live.control = scene, scene.checkout, daemon, []
        live.listen()
        daemon.start(wait=False)
        return live

    def listen(self):
        self.subscriber = self.scene.subscriber()
        self.rev = self.scene.rev()

    def told(self, **check):
        """
        Barrier; checks Redis against the oracle and the subscriber against the stream; returns the changes since the
        last call as events.
        """
        self.daemon.barrier()
        return self.look(**check)

    def look(self, **check):
        """The same without a barrier."""
        self.scene.check(**check)
        events = self.scene.changes(self.rev)
        self.rev = self.scene.rev()
        self.subscriber.drain()
        assert self.subscriber.changes() == events
        for channel, event in self.subscriber.events:
            assert channel in ("control", event["data"].get("type"))
        self.control = self.subscriber.control()
        self.subscriber.clear()
        return events


def summary(events):
    """Sorted 'op key'."""
    return sorted(f"{e['data']['op']} {e['subject']}" for e in events)


def batches(events):
    return {e["data"]["batch"] for e in events}
