"""A stand-in for shelfd on the side of Redis: puts a catalog there as PROTOCOL.md says, without files."""
import json

from oracle.published import prefix


class Writer:
    """All of one change is written in one transaction, as the apply script does it."""

    def __init__(self, client, catalog="main", generation="0123456789abcdef0123456789abcdef"):
        self.client = client
        self.catalog = catalog
        self.prefix = prefix(catalog)
        self.generation = generation
        self.rev = 0
        self.type_revs = {}

    def begin(self, generation=None):
        """A new life: everything of the old one is gone, in one moment."""
        self.generation = generation or self.generation
        self.rev = 0
        self.type_revs = {}
        old = list(self.client.scan_iter(self.prefix.replace("[", "\\[") + "*"))
        with self.client.pipeline(transaction=True) as p:
            if old:
                p.delete(*old)
            p.hset(self.prefix + "head", mapping={
                "generation": self.generation, "rev": 0, "items": 0, "problems": 0, "schema": 1})
            p.execute()
        return self

    def event(self, op, key, rev, fields):
        type_, id_ = key.split("/", 1)
        data = {"generation": self.generation, "rev": rev, "type_rev_before": self.type_revs.get(type_, 0), "op": op,
                "type": type_, "id": id_,
                **{k: fields[k] for k in ("path", "version", "renamed_from", "sha256") if k in fields}}
        return json.dumps({"specversion": "1.0", "id": f"{self.generation}.{rev}",
                           "source": f"/shelfd/{self.catalog}", "type": f"dev.shelfd.item.{op}", "subject": key,
                           "data": data}, separators=(",", ":"), ensure_ascii=False)

    def put(self, key, **fields):
        """Creates or updates an item; returns its revision. stream and told: see finish."""
        how = {name: fields.pop(name) for name in ("stream", "told") if name in fields}
        type_, id_ = key.split("/", 1)
        rev = self.rev + 1
        item = f"{self.prefix}item:{key}"
        created = self.client.hget(item, "created_rev")
        op = "updated" if created else "created"
        with self.client.pipeline(transaction=True) as p:
            p.delete(item)
            p.hset(item, mapping={"type": type_, "id": id_, "state": "ok", "status": "published",
                                  **{k: v for k, v in fields.items() if k != "renamed_from"},
                                  "rev": rev, "created_rev": created or rev})
            p.zadd(f"{self.prefix}index:{type_}", {id_: rev})
            p.zrem(self.prefix + "deleted", key)
            self.finish(p, op, key, rev, fields, **how)
        return rev

    def drop(self, key, **how):
        type_, id_ = key.split("/", 1)
        rev = self.rev + 1
        with self.client.pipeline(transaction=True) as p:
            p.delete(f"{self.prefix}item:{key}")
            p.zrem(f"{self.prefix}index:{type_}", id_)
            p.zadd(self.prefix + "deleted", {key: rev})
            self.finish(p, "deleted", key, rev, {}, **how)
        return rev

    def finish(self, pipeline, op, key, rev, fields, stream=True, told=True):
        """
        stream False: its entry never comes to be; "xdel", "xtrim": it is taken out in the same moment. told False:
        nobody hears the message.
        """
        type_ = key.split("/", 1)[0]
        event = self.event(op, key, rev, fields)
        if stream:
            pipeline.xadd(self.prefix + "changes", {"event": event}, id=f"{rev}-0")
        if stream == "xdel":
            pipeline.xdel(self.prefix + "changes", f"{rev}-0")
        elif stream == "xtrim":
            pipeline.xtrim(self.prefix + "changes", maxlen=0, approximate=False)
        pipeline.hset(self.prefix + "head", mapping={"rev": rev, f"type_rev:{type_}": rev})
        if told:
            pipeline.publish(f"{self.prefix}events:{type_}", event)
        pipeline.execute()
        self.rev = self.type_revs[type_] = rev

    def problems(self, path, *problems):
        self.client.hset(self.prefix + "problems", path, json.dumps(problems))
