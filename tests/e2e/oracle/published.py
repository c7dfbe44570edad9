"""What Redis does hold, and whether it is what it must be."""
import dataclasses
import json

ALWAYS = {"rev", "created_rev", "created_at", "updated_at"}  # depend on the past, not on the disk
MAYBE = {"commit"}
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@dataclasses.dataclass
class Published:
    head: dict
    items: dict  # "type/id" -> fields
    index: dict  # type -> {id: rev}
    deleted: dict  # "type/id" -> rev
    problems: dict  # path -> list of problems


def prefix(catalog="main"):
    return f"shelf:{{{catalog}}}:"


def take(redis, catalog="main"):
    """All of a catalog in one transaction; a key that was there a moment before it, and no more, is no item."""
    p = prefix(catalog)
    keys = sorted(redis.scan_iter(p + "*", count=1000))
    item_keys = [k for k in keys if k.startswith(p + "item:")]
    index_keys = [k for k in keys if k.startswith(p + "index:")]
    pipe = redis.pipeline(transaction=True)
    pipe.hgetall(p + "head")
    pipe.zrange(p + "deleted", 0, -1, withscores=True)
    pipe.hgetall(p + "problems")
    for key in index_keys:
        pipe.zrange(key, 0, -1, withscores=True)
    for key in item_keys:
        pipe.hgetall(key)
    head, deleted, problems, *rest = pipe.execute()
    index = {k.removeprefix(p + "index:"): {i: int(s) for i, s in rows} for k, rows in zip(index_keys, rest)}
    items = {k.removeprefix(p + "item:"): fields for k, fields in zip(item_keys, rest[len(index_keys):]) if fields}
    return Published(head, items, index, {k: int(s) for k, s in deleted},
                     {path: json.loads(text) for path, text in problems.items()})


def differences(want, have, commit=None, stale=None):
    """
    Where Redis is not what the oracle computed, as a list of sentences; empty when all is well. commit: what the
    field must be in every item, None to leave it out. stale: items whose manifest broke after this was published.
    """
    wanted = dict(want.items)
    for key, fields in (stale or {}).items():
        wanted[key] = {**{k: v for k, v in fields.items() if k not in ALWAYS | MAYBE}, "state": "stale"}
    out = [f"{key} is missing" for key in sorted(wanted.keys() - have.items.keys())]
    out += [f"{key} should not be there" for key in sorted(have.items.keys() - wanted.keys())]
    for key in sorted(wanted.keys() & have.items.keys()):
        out += item_differences(key, wanted[key], have.items[key], commit)
    out += [f"the head's {name} is {have.head.get(name)}, should be {want.head.get(name)}"
            for name in ("commit", "branch") if have.head.get(name) != want.head.get(name)]
    erring = {path for path, problems in have.problems.items() if any(p["severity"] == "error" for p in problems)}
    wrong = want.broken.keys() | want.losers.keys()
    out += [f"{path} has no error, but it should ({want.broken.get(path, 'lost its id')})" for path in wrong - erring]
    out += [f"{path} should have no error, but has {have.problems[path]}" for path in erring - wrong]
    for path, winner in want.losers.items():
        rows = [p for p in have.problems.get(path, []) if p["code"] == "duplicate-id"]
        if not rows or winner not in rows[0]["message"]:
            out.append(f"{path} should have duplicate-id that names {winner}, not {have.problems.get(path)}")
    return out


def item_differences(key, want, have, commit):
    out = []
    for field in sorted(want.keys() | (have.keys() - ALWAYS - MAYBE)):
        if want.get(field) != have.get(field):
            out.append(f"{key}: {field} is {have.get(field)!r}, should be {want.get(field)!r}")
    out += [f"{key}: {field} is missing" for field in sorted(ALWAYS - have.keys())]
    if commit is not None and have.get("commit") != commit:
        out.append(f"{key}: commit is {have.get('commit')!r}, should be {commit!r}")
    return out


def inconsistencies(have):
    """Where the keys of a catalog contradict each other."""
    out = []
    rev = int(have.head["rev"])
    listed = {f"{type_}/{id_}": r for type_, ids in have.index.items() for id_, r in ids.items()}
    whole = {key: fields for key, fields in have.items.items() if ALWAYS <= fields.keys()}  # of others that is a difference
    revs = {key: int(fields["rev"]) for key, fields in whole.items()}
    if listed != revs:
        out.append(f"index and items differ: {sorted(set(listed.items()) ^ set(revs.items()))[:10]}")
    if both := have.deleted.keys() & have.items.keys():
        out.append(f"both deleted and there: {sorted(both)[:10]}")
    if int(have.head["items"]) != len(have.items):
        out.append(f"head says {have.head['items']} items, there are {len(have.items)}")
    if int(have.head["problems"]) != len(have.problems):
        out.append(f"head says {have.head['problems']} problems, there are {len(have.problems)}")
    if have.head["schema"] != "1":
        out.append(f"schema is {have.head['schema']}")
    every = sorted([*listed.values(), *have.deleted.values()])
    if len(set(every)) != len(every):
        out.append("two items have one revision")
    if every and every[-1] != rev:
        out.append(f"head is at {rev}, the last change at {every[-1]}")
    for type_ in have.index.keys() | {k.split("/")[0] for k in have.deleted}:
        last = max([*have.index.get(type_, {}).values(),
                    *(r for k, r in have.deleted.items() if k.startswith(type_ + "/"))])
        if have.head.get(f"type_rev:{type_}") != str(last):
            out.append(f"type_rev:{type_} is {have.head.get(f'type_rev:{type_}')}, the last change is {last}")
    for key, fields in whole.items():
        if int(fields["created_rev"]) > int(fields["rev"]):
            out.append(f"{key} was created at {fields['created_rev']}, after {fields['rev']}")
        if f"{fields['type']}/{fields['id']}" != key:
            out.append(f"{key} says it is {fields['type']}/{fields['id']}")
    return out
