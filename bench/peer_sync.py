#!/usr/bin/python3
"""A straightforward full sync in Python, to compare with: walk, hash, parse, write with a pipeline.

usage: peer_sync.py TREE REDIS-SOCKET
"""
import hashlib
import json
import os
import sys

import redis
import yaml

Loader = yaml.CSafeLoader
ENTRY = {"skills": ("SKILL.md",), "mcps": ("server.json", "server.yaml"), "tools": ("tool.yaml", "tool.json")}
TYPE = {"skills": "skill", "mcps": "mcp", "tools": "tool"}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def parse(path, data):
    text = data.decode()
    if path.endswith(".json"):
        return json.loads(text)
    if path.endswith(".md"):
        if not text.startswith("---\n"):
            return {}
        text = text[4:text.index("\n---", 3) + 1]
    return yaml.load(text, Loader=Loader)


def manifests(root, collection):
    """(id, path, files of the bundle) of a collection."""
    top = os.path.join(root, collection)
    for folder, dirs, names in os.walk(top):
        dirs.sort()
        entry = next((e for e in ENTRY[collection] if e in names), None)
        if entry:
            files = [os.path.join(f, n) for f, _, ns in os.walk(folder) for n in ns]
            yield os.path.relpath(folder, top), os.path.join(folder, entry), sorted(files)
            dirs.clear()
        else:
            for name in names:
                stem, ext = os.path.splitext(name)
                if ext in (".md", ".json", ".yaml"):
                    path = os.path.join(folder, name)
                    yield os.path.relpath(os.path.join(folder, stem), top), path, [path]


def main():
    root, sock = sys.argv[1:]
    db = redis.Redis(unix_socket_path=sock)
    pipe = db.pipeline(transaction=False)
    rev = errors = 0
    for collection, kind in TYPE.items():
        for ident, path, files in manifests(root, collection):
            data = open(path, "rb").read()
            try:
                meta = parse(path, data)
            except (ValueError, yaml.YAMLError):
                errors += 1
                continue
            folder = os.path.dirname(path)
            bundle = hashlib.sha256()
            for f in files:
                digest = sha256(data if f == path else open(f, "rb").read())
                bundle.update(f"{os.path.relpath(f, folder)}\0{digest}\n".encode())
            metadata = json.dumps(meta, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            rev += 1
            pipe.hset(f"peer:item:{kind}/{ident}", mapping={
                "type": kind, "id": ident, "name": meta.get("name", ""), "description": meta.get("description", ""),
                "path": os.path.relpath(path, root), "sha256": sha256(data), "bundle_sha256": bundle.hexdigest(),
                "metadata_sha256": sha256(metadata.encode()), "size": len(data), "files": len(files),
                "metadata": metadata, "rev": rev})
            pipe.zadd(f"peer:index:{kind}", {ident: rev})
            if rev % 500 == 0:
                pipe.execute()
    pipe.execute()
    print(f"{rev} written, {errors} errors")


main()
