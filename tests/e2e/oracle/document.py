"""One manifest: its bytes, what it says, and whether it can be an item."""
import dataclasses
import hashlib
import json
import re

from . import canonical, names, yamlcore
from .yamlcore import Invalid, WrittenInt

MAX_FILE = 1024 * 1024
MAX_FRONT_MATTER = 64 * 1024
MAX_ID = 512
STATUSES = {"draft", "in_review", "published", "archived"}

DEFAULT_FIELDS = {
    "name": ["/name"],
    "version": ["/version", "/metadata/version"],
    "description": ["/description"],
    "dependencies": ["/dependencies"],
    "tags": ["/tags", "/metadata/tags"],
    "owner": ["/owner", "/author"],
    "status": ["/status"],
}

MARKER = re.compile(rb"^(<<<<<<< |>>>>>>> )", re.M)


@dataclasses.dataclass
class Said:
    """What a good manifest says."""

    id: str
    metadata: dict
    fields: dict  # as published: name, version, description, dependencies, tags, owner, status; absent ones left out


def load_json(text):
    """One JSON text, strictly: no duplicate keys, no NaN, no lone surrogates, within the limits."""

    def pairs(members):
        result = dict(members)
        if len(result) != len(members):
            raise Invalid("duplicate key")
        return result

    def constant(word):
        raise Invalid(f"{word} is no JSON")

    def floating(word):
        value = yamlcore.finite(word, word)
        if value is None:
            raise Invalid(f"{word} is too large for a number")
        return value

    def integer(word):
        value = int(word)
        return WrittenInt(value, word) if -(2**63) <= value < 2**63 else floating(word)

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=constant, parse_int=integer, parse_float=floating)
    except (ValueError, RecursionError) as e:
        raise Invalid(str(e)) from e
    limits(value)
    return value


def limits(root):
    nodes, level, depth = 0, [root], 0
    while level:
        nodes += len(level)
        if nodes > yamlcore.MAX_NODES:
            raise Invalid("too many nodes")
        below = []
        for value in level:
            if isinstance(value, dict):
                for key in value:
                    surrogate_free(key)
                    if len(key.encode()) > yamlcore.MAX_KEY:
                        raise Invalid("key too long")
                below += value.values()
            elif isinstance(value, list):
                below += value
            elif isinstance(value, str):
                surrogate_free(value)
        if any(isinstance(v, (dict, list)) for v in level):
            depth += 1
        if depth > yamlcore.MAX_DEPTH:
            raise Invalid("too deep")
        level = below


def surrogate_free(text):
    try:
        text.encode()
    except UnicodeEncodeError as e:
        raise Invalid("lone surrogate") from e


def front_matter(text):
    """(YAML text or None, the rest). Raises Invalid when it is not closed."""
    lines = text.split("\n")
    if lines[0].rstrip(" \t\r") != "---" or len(lines) == 1:
        return None, text
    for i, line in enumerate(lines[1:], 1):
        if line.rstrip(" \t\r") == "---":
            inner = "".join(part + "\n" for part in lines[1:i])
            if len(inner.encode()) > MAX_FRONT_MATTER:
                raise Invalid("front matter too large")
            return inner, "\n".join(lines[i + 1:])
    raise Invalid("front matter not closed")


FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]+(.*?))?(?:[ \t]+#*)?[ \t]*")
UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
RULE = re.compile(r" {0,3}([-*_])[ \t]*(\1[ \t]*){2,}")


def opens_fence(line):
    """The fence of a line that opens fenced code, else None. Code between back-ticks on one line is no fence."""
    found = FENCE.match(line)
    if found and not (found[1][0] == "`" and "`" in line[found.end():]):
        return found[1]
    return None


def blocks(text):
    """('heading' or 'paragraph', text) of a Markdown text, outside fenced code and comments."""
    inside, paragraph = None, []

    def end(kind="paragraph"):
        words = " ".join(" ".join(paragraph).split())
        paragraph.clear()
        return [(kind, words)] if words else []

    for line in text.split("\n"):
        line = line.rstrip("\r")
        if inside == "-->":
            inside = None if "-->" in line else inside
        elif inside is not None:
            closing = FENCE.match(line)
            if closing and closing[1].startswith(inside) and not line[closing.end():].strip():
                inside = None
        elif fence := opens_fence(line):
            yield from end()
            inside = fence
        elif line.lstrip(" ").startswith("<!--") and len(line) - len(line.lstrip(" ")) <= 3:
            yield from end()
            inside = None if "-->" in line else "-->"
        elif paragraph and UNDERLINE.fullmatch(line):
            yield from end("heading")
        elif RULE.fullmatch(line) or not line.strip():
            yield from end()
        elif heading := HEADING.fullmatch(line):
            yield from end()
            if heading[1] and heading[1].strip("#"):
                yield "heading", " ".join(heading[1].split())
        else:
            paragraph.append(line)
    yield from end()


def describe(text):
    """The description that a Markdown text gives by itself, or None."""
    found = list(blocks(text))
    first = next((i for i, (kind, _) in enumerate(found) if kind == "heading"), None)
    if first is not None:
        rest = [words for kind, words in found[first + 1:] if kind == "paragraph"]
        return (rest[0] if rest else found[first][1])[:1024].rstrip()
    return found[0][1][:1024].rstrip() if found else None


def at(value, pointer):
    """The value a JSON pointer points to; KeyError when there is none."""
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise KeyError(pointer)
    return value


def candidates(root, pointers):
    for pointer in pointers:
        try:
            value = at(root, pointer)
        except KeyError:
            continue
        if value is not None:
            yield value


def as_text(value):
    """A string, or a number as it is written; None for anything else."""
    if isinstance(value, str):
        return value
    return getattr(value, "written", None)


def published_fields(root, pointers):
    out = {}
    for field in ("name", "description"):
        for value in candidates(root, pointers[field]):
            if not isinstance(value, str):
                raise Invalid(f"{field} is no string")
            out[field] = value
            break
    for field in ("version", "owner"):
        for value in candidates(root, pointers[field]):
            text = as_text(value) if field == "version" else value
            if isinstance(text, str):
                out[field] = text
                break
    for field in ("dependencies", "tags"):
        for value in candidates(root, pointers[field]):
            if isinstance(value, str):
                value = [value]
            if isinstance(value, list):
                out[field] = canonical.dumps(value)
                break
    status = next(iter(candidates(root, pointers["status"])), None)
    out["status"] = status if isinstance(status, str) and status in STATUSES else "published"
    return out


def decode(data):
    """Text of a file's bytes, without a byte order mark."""
    if len(data) > MAX_FILE:
        raise Invalid("too large")
    if b"\0" in data:
        raise Invalid("NUL byte")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as e:
        raise Invalid("not UTF-8") from e
    return text.removeprefix("\ufeff")


def metadata_of(data, path, id_by_path):
    text = decode(data)
    extension = path.rpartition(b"/")[2].rpartition(b".")[2].lower()
    if extension == b"json":
        return load_json(text)
    if extension in (b"yaml", b"yml"):
        return yamlcore.load(text)
    inner, body = front_matter(text)
    if inner is not None:
        return yamlcore.load(inner)
    root = {"name": id_by_path.rpartition("/")[2]}
    description = describe(body)
    if description is not None:
        root["description"] = description
    return root


def read(data, path, id_by_path, collection, conflicted=False):
    """What the manifest says; raises Invalid when it can not be an item."""
    if conflicted and MARKER.search(data):
        raise Invalid("conflict markers")
    root = metadata_of(data, path, id_by_path)
    if collection.schema == "tool" and isinstance(root, list) and all(isinstance(one, dict) for one in root):
        root = {"tools": root}
    if not isinstance(root, dict):
        raise Invalid("not a mapping")
    fields = published_fields(root, collection.fields)
    ident = id_by_path
    if collection.id_from:
        pointers = [collection.id_from] if isinstance(collection.id_from, str) else collection.id_from
        value = next(iter(candidates(root, pointers)), None)
        text = as_text(value)
        if text is None:
            raise Invalid("no id")
        ident = names.encode(text.encode())
    if not ident or len(ident.encode()) > MAX_ID or "" in ident.split("/"):
        raise Invalid("no usable id")
    return Said(ident, root, fields)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def git_blob(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
