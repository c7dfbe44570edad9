#!/usr/bin/python3
"""The way of the data through the rooms of src/, checked by what includes what.

usage: includes.py [SRC]

Prints each include that goes against the direction of doc/ARCHITECTURE.md, and exits 1 if there is one.
"""
import os
import pathlib
import re
import sys

# Room: the rooms it may include, beside itself. "." is the top of src/: the pipeline and main, which join the rooms.
ROOMS = {
    "base": "",
    "manifest": "base",
    "catalog": "base manifest",
    "config": "base manifest",
    "watch": "base manifest",
    "redis": "base manifest catalog config",
    "git": "base",
    "state": "base manifest",
    "http": "base",
    "ctl": "base config manifest catalog redis",
    ".": "base manifest catalog config watch redis git state http",
}
# Single headers beside that: doctor tries what the watcher depends on.
ALLOWED = {"ctl": "watch/inotify.h watch/place.h"}
# System and library headers that belong to one room only.
KEPT = {"git2.h": "git", "microhttpd.h": "http", "yaml.h": "manifest", "pcre2.h": "manifest", "sqlite3.h": "state",
        "sys/inotify.h": "watch", "uv.h": "."}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"]', re.M)


def room_of(path):
    return str(path.parts[0]) if len(path.parts) > 1 else "."


def wrong_includes(src):
    """A sentence for each include in the folder src that should not be there."""
    sources = sorted(p.relative_to(src) for pattern in ("*.c", "*.h") for p in src.rglob(pattern))
    if not sources:
        yield f"{src}: no source files"
    for path in sources:
        text = (src / path).read_text(encoding="utf-8")
        for match in INCLUDE.finditer(text):
            if why := verdict(path, match[1], match[2]):
                yield f"{src / path}:{text.count(chr(10), 0, match.start()) + 1}: {why}"


def verdict(path, quote, name):
    """Why the file may not include name; None if it may."""
    room = room_of(path)
    if room not in ROOMS:
        return f"src/{room}/ is no room that the architecture knows"
    if quote == "<":
        owner = KEPT.get(name)
        return f"<{name}> belongs to {owner}" if owner is not None and owner != room else None
    if name == "config.h":
        return None
    other = room_of(pathlib.PurePath(name))
    if other == ".":
        if room != ".":
            return f'{room} must not include "{name}": data flows from the rooms to the top, never back'
        return 'nothing includes main' if name == "shelfd.h" and path.name != "shelfd.c" else None
    if other != room and other not in ROOMS[room].split() and name not in ALLOWED.get(room, "").split():
        return f'{room} must not include {other} ("{name}"); it may include: {ROOMS[room] or "only itself"}'
    return None


def main():
    top = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parents[2]))
    wrong = list(wrong_includes(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else top / "src"))
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
