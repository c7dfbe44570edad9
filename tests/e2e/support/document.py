"""What doc/PROTOCOL.md gives to be used as it stands: the tests use just that."""
import re

from .daemon import SOURCE

PROTOCOL = SOURCE / "doc" / "PROTOCOL.md"

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


def block(language):
    """The one code block of the document in this language."""
    found = [text for name, text in BLOCK.findall(PROTOCOL.read_text(encoding="utf-8")) if name == language]
    assert len(found) == 1, f"{PROTOCOL} has {len(found)} blocks of {language}"
    return found[0]


def users(catalog="main"):
    """The users of Redis that the document gives rights, for a catalog: {name: [rule, ...]}."""
    lines = [line.split() for line in block("acl").splitlines()]
    assert lines and all(words[0] == "user" for words in lines), lines
    return {words[1]: [rule.replace("{main}", f"{{{catalog}}}") for rule in words[2:]] for words in lines}


def password(rules):
    [found] = [rule[1:] for rule in rules if rule.startswith(">")]
    return found
