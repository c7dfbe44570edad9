"""A subscriber to all channels of a catalog."""
import json
import uuid

from oracle.published import prefix

from .waiting import Deadline, TimedOut


class Subscriber:
    """Keeps every message. Redis tells subscribers in the order of its commands, so a marker ends what came before."""

    def __init__(self, client, catalog="main"):
        self.client = client
        self.channel = prefix(catalog) + "events:"
        self.pubsub = client.pubsub()
        self.pubsub.psubscribe(self.channel + "*")
        self.events = []  # (channel's last part, event)
        self.texts = []
        self.await_subscribed()

    def await_subscribed(self):
        deadline = Deadline()
        while not deadline.passed():
            message = self.pubsub.get_message(timeout=1)
            if message is not None and message["type"] == "psubscribe":
                return
        raise TimedOut("no answer to PSUBSCRIBE")

    def take(self, seconds):
        message = self.pubsub.get_message(timeout=seconds)
        if message is None or message["type"] != "pmessage":
            return None
        name = message["channel"].removeprefix(self.channel)
        if name == "marker":
            return message["data"]
        self.texts.append(message["data"])
        self.events.append((name, json.loads(message["data"])))
        return None

    def drain(self):
        """Everything that was published before this call is in events when it returns. Returns self."""
        marker = uuid.uuid4().hex
        self.client.publish(self.channel + "marker", marker)
        deadline = Deadline()
        while self.take(deadline.left()) != marker:
            if deadline.passed():
                raise TimedOut("the marker does not come")
        return self

    def wait_for(self, what, condition, seconds=None):
        """Waits for an event for which condition(channel, event) is true, from those not yet seen on."""
        deadline = Deadline(seconds)
        seen = 0
        while True:
            for channel, event in self.events[seen:]:
                seen += 1
                if condition(channel, event):
                    return event
            if deadline.passed():
                raise TimedOut(f"no event: {what}; there were {self.events}")
            self.take(min(1.0, deadline.left()))

    def changes(self):
        return [event for channel, event in self.events if channel != "control"]

    def control(self, type_=None):
        return [event for channel, event in self.events if channel == "control" and type_ in (None, event["type"])]

    def clear(self):
        self.events.clear()
        self.texts.clear()

    def close(self):
        self.pubsub.close()
