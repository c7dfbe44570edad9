"""The change stream: replayed from its beginning it gives the state of the keys, and every event keeps its promises."""
import json

from . import published

REQUIRED = {"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"}
MAX_EVENT = 2048


class Replay:
    """
    A consumer that trusts nothing. Feed it events in order; what is wrong gathers in wrong. may_cut: a batch may end
    without its last event, as it does when its writer was killed.
    """

    def __init__(self, catalog="main", may_cut=False):
        self.catalog = catalog
        self.may_cut = may_cut
        self.state = {}  # "type/id" -> (rev, sha256)
        self.revs = []
        self.type_revs = {}
        self.batches = []  # batch ids in order, each once
        self.begun = set()  # the same
        self.open = False  # the last event said there is more of its batch
        self.generation = None
        self.wrong = []

    def complain(self, rev, text):
        self.wrong.append(f"revision {rev}: {text}")

    def feed(self, entry_id, text):
        event = json.loads(text)
        data = event["data"]
        rev = data["rev"]
        if data["generation"] != self.generation:
            self.__init_generation(data["generation"])
        if entry_id is not None and entry_id != f"{rev}-0":
            self.complain(rev, f"entry id is {entry_id}")
        if len(text.encode()) > MAX_EVENT:
            self.complain(rev, f"event has {len(text.encode())} bytes")
        if self.revs and rev != self.revs[-1] + 1:
            self.complain(rev, f"comes after {self.revs[-1]}")
        self.revs.append(rev)
        self.envelope(event, data)
        self.batch(data)
        self.apply(event["subject"], data)
        return event

    def __init_generation(self, generation):
        wrong = self.wrong
        self.__init__(self.catalog, self.may_cut)
        self.wrong = wrong
        self.generation = generation

    def envelope(self, event, data):
        rev = data["rev"]
        if missing := REQUIRED - event.keys():
            self.complain(rev, f"lacks {missing}")
        if event["id"] != f"{data['generation']}.{rev}" or event["source"] != f"/shelfd/{self.catalog}":
            self.complain(rev, f"has id {event['id']}, source {event['source']}")
        if event["type"] != f"dev.shelfd.item.{data['op']}" or event["specversion"] != "1.0":
            self.complain(rev, f"has type {event['type']} for {data['op']}")
        if event["subject"] != f"{data['type']}/{data['id']}":
            self.complain(rev, f"subject {event['subject']} is not {data['type']}/{data['id']}")
        before = self.type_revs.get(data["type"], 0)
        if data["type_rev_before"] != before:
            self.complain(rev, f"type_rev_before is {data['type_rev_before']}, should be {before}")
        self.type_revs[data["type"]] = rev

    def batch(self, data):
        batch = data["batch"]
        if not self.batches or batch != self.batches[-1]:
            if self.open and not self.may_cut:
                self.complain(data["rev"], f"batch {self.batches[-1]} had no last event")
            if batch in self.begun:
                self.complain(data["rev"], f"batch {batch} comes again")
            self.batches.append(batch)
            self.begun.add(batch)
        elif not self.open:
            self.complain(data["rev"], f"batch {batch} goes on after its last event")
        self.open = not data["batch_last"]

    def apply(self, key, data):
        there = self.state.get(key)
        if (data["op"] == "created") != (there is None):
            self.complain(data["rev"], f"{data['op']} {key}, which is {'not ' if there is None else ''}there")
        if there is not None and data.get("sha256_before") != there[1]:
            self.complain(data["rev"], f"sha256_before of {key} is {data.get('sha256_before')}, was {there[1]}")
        if data["op"] == "deleted":
            self.state.pop(key, None)
        else:
            self.state[key] = data["rev"], data["sha256"]

    def finish(self):
        if self.open and not self.may_cut:
            self.wrong.append(f"the last batch {self.batches[-1]} has no last event")


def replay(redis, catalog="main", may_cut=False):
    """Replays the whole stream; returns the Replay."""
    out = Replay(catalog, may_cut)
    for entry_id, fields in redis.xrange(published.prefix(catalog) + "changes"):
        out.feed(entry_id, fields["event"])
    out.finish()
    return out


def differences(out, have):
    """Where a replay from the first revision is not the state of the keys."""
    wrong = list(out.wrong)
    if out.revs and out.revs[0] != 1:
        wrong.append(f"the stream begins with {out.revs[0]}")
    if (out.revs[-1] if out.revs else 0) != int(have.head["rev"]):
        wrong.append(f"the stream ends with {out.revs[-1:]}, head is at {have.head['rev']}")
    if out.generation is not None and out.generation != have.head["generation"]:
        wrong.append(f"the stream is of generation {out.generation}, head of {have.head['generation']}")
    keys = {key: (int(f["rev"]), f["sha256"]) for key, f in have.items.items()}
    if out.state != keys:
        wrong.append(f"replay and keys differ: {sorted(set(out.state.items()) ^ set(keys.items()))[:10]}")
    return wrong
