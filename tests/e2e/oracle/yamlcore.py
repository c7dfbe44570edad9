"""YAML 1.2 core schema over PyYAML's C scanner, with the limits of a manifest."""
import math
import re

import yaml

MAX_DEPTH = 32
MAX_NODES = 10_000
MAX_KEY = 256
MAX_SCALAR = 64 * 1024

NULL = re.compile(r"null|Null|NULL|~|")
BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
INF = re.compile(r"[-+]?\.(inf|Inf|INF)")
NAN = re.compile(r"\.(nan|NaN|NAN)")

CORE = "tag:yaml.org,2002:"


class Invalid(Exception):
    """The document is no manifest."""


class WrittenInt(int):
    """An integer that remembers how it was written."""

    def __new__(cls, value, written):
        self = super().__new__(cls, value)
        self.written = written
        return self


class WrittenFloat(float):
    """A float that remembers how it was written."""

    def __new__(cls, value, written):
        self = super().__new__(cls, value)
        self.written = written
        return self


def finite(value, written):
    """None for what is too large for a double: it stays text."""
    try:
        result = WrittenFloat(value, written)
    except OverflowError:
        return None
    return None if math.isinf(result) else result


def number(text):
    """The number that text writes by the core schema, or None."""
    if INT.fullmatch(text):
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        value = int(text[2:] if base != 10 else text, base)
        if -(2**63) <= value < 2**63:
            return WrittenInt(value, text)
        return finite(value, text)
    if FLOAT.fullmatch(text):
        return finite(text, text)
    if INF.fullmatch(text):
        return WrittenFloat(text.replace(".", "", 1), text)
    if NAN.fullmatch(text):
        return WrittenFloat("nan", text)
    return None


def plain(text):
    """What a plain scalar is."""
    if NULL.fullmatch(text):
        return None
    if BOOL.fullmatch(text):
        return text[0] in "tT"
    value = number(text)
    return text if value is None else value


def tagged(tag, text):
    """What a scalar with an explicit tag is."""
    if tag == "!" or tag == CORE + "str":
        return text
    if tag == CORE + "null" and NULL.fullmatch(text):
        return None
    if tag == CORE + "bool" and BOOL.fullmatch(text):
        return text[0] in "tT"
    if tag == CORE + "int" and INT.fullmatch(text) and number(text) is not None:
        return number(text)
    if tag == CORE + "float" and number(text) is not None:
        return WrittenFloat(number(text), text)
    raise Invalid(f"tag {tag} does not fit {text!r}")


class Builder:
    """One document from parser events."""

    def __init__(self, events):
        self.events = events
        self.anchors = {}
        self.nodes = 0

    def next(self):
        return next(self.events)

    def count(self, n):
        self.nodes += n
        if self.nodes > MAX_NODES:
            raise Invalid("too many nodes")

    def scalar(self, event):
        if len(event.value.encode()) > MAX_SCALAR:
            raise Invalid("scalar too long")
        if event.tag is not None:
            return tagged(event.tag, event.value)
        return plain(event.value) if event.implicit[0] else event.value

    def node(self, event, depth):
        """Returns (value, number of nodes in it, nested collections in it)."""
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise Invalid("alias without anchor")
            value, n, height = self.anchors[event.anchor]
            if depth + height > MAX_DEPTH:
                raise Invalid("too deep")
            self.count(n)
            return value, n, height
        self.count(1)
        if event.anchor is not None:
            self.anchors.pop(event.anchor, None)
        if isinstance(event, yaml.ScalarEvent):
            result = self.scalar(event), 1, 0
        elif depth + 1 > MAX_DEPTH:
            raise Invalid("too deep")
        elif isinstance(event, yaml.SequenceStartEvent):
            result = self.sequence(event, depth + 1)
        else:
            result = self.mapping(event, depth + 1)
        if event.anchor is not None:
            self.anchors[event.anchor] = result
        return result

    def sequence(self, event, depth):
        if event.tag not in (None, "!", CORE + "seq"):
            raise Invalid(f"tag {event.tag}")
        items, n, height = [], 1, 0
        while not isinstance(event := self.next(), yaml.SequenceEndEvent):
            value, k, h = self.node(event, depth)
            items.append(value)
            n, height = n + k, max(height, h)
        return items, n, height + 1

    def mapping(self, event, depth):
        if event.tag not in (None, "!", CORE + "map"):
            raise Invalid(f"tag {event.tag}")
        result, n, height = {}, 1, 0
        while not isinstance(event := self.next(), yaml.MappingEndEvent):
            key = self.key(event)
            if key in result:
                raise Invalid(f"duplicate key {key!r}")
            value, k, h = self.node(self.next(), depth)
            result[key] = value
            n, height = n + k, max(height, h)
        return result, n, height + 1

    def key(self, event):
        """A key is the text of a scalar, whatever type that text would have."""
        if isinstance(event, yaml.AliasEvent):
            value = self.anchors.get(event.anchor, ([],))[0]
            if isinstance(value, (WrittenInt, WrittenFloat)):
                value = value.written
            if not isinstance(value, str):
                raise Invalid("key is no scalar")
            return value
        if not isinstance(event, yaml.ScalarEvent):
            raise Invalid("key is no scalar")
        if len(event.value.encode()) > MAX_KEY:
            raise Invalid("key too long")
        value = self.scalar(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = value, 1, 0
        return event.value


def load(text):
    """The value of the one YAML document in text; raises Invalid."""
    try:
        events = yaml.parse(text, Loader=yaml.CLoader)
        builder = Builder(events)
        value = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise Invalid("more than one document")
            elif isinstance(event, yaml.NodeEvent):
                value = builder.node(event, 0)[0]
        return value
    except (yaml.YAMLError, ValueError) as e:
        raise Invalid(str(e)) from e
