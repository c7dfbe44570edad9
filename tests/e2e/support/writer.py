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

    def begin(self, generation=None):
        """A new life: everything of the old one is gone."""
        self.generation = generation or self.generation
        self.rev = 0
        old = list(self.client.scan_iter(self.prefix.replace("[", "\\[") + "*"))
        if old:
            self.client.delete(*old)
        self.client.hset(self.prefix + "head", mapping={
            "generation": self.generation, "rev": 0, "items": 0, "problems": 0, "schema": 1})
        return self

    def event(self, op, key, rev, fields):
        type_, id_ = key.split("/", 1)
        data = {"generation": self.generation, "rev": rev, "op": op, "type": type_, "id": id_,
                **{k: fields[k] for k in ("path", "version", "renamed_from") if k in fields}}
        return json.dumps({"specversion": "1.0", "id": f"{self.generation}.{rev}",
                           "source": f"/shelfd/{self.catalog}", "type": f"dev.shelfd.item.{op}", "subject": key,
                           "data": data}, separators=(",", ":"), ensure_ascii=False)

    def put(self, key, **fields):
        """Creates or updates an item; returns its revision. stream=False: the stream has lost the entry."""
        stream = fields.pop("stream", True)
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
            self.finish(p, op, key, rev, fields, stream)
        return rev

    def drop(self, key, stream=True):
        type_, id_ = key.split("/", 1)
        rev = self.rev + 1
        with self.client.pipeline(transaction=True) as p:
            p.delete(f"{self.prefix}item:{key}")
            p.zrem(f"{self.prefix}index:{type_}", id_)
            p.zadd(self.prefix + "deleted", {key: rev})
            self.finish(p, "deleted", key, rev, {}, stream)
        return rev

    def finish(self, pipeline, op, key, rev, fields, stream):
        if stream:
            pipeline.xadd(self.prefix + "changes", {"event": self.event(op, key, rev, fields)}, id=f"{rev}-0")
        pipeline.hset(self.prefix + "head", mapping={"rev": rev, f"type_rev:{key.split('/', 1)[0]}": rev})
        pipeline.execute()
        self.rev = rev

    def problems(self, path, *problems):
        self.client.hset(self.prefix + "problems", path, json.dumps(problems))
