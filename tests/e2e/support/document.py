"""What doc/PROTOCOL.md gives to be used as it stands: the tests use just that."""
import re

from .daemon import SOURCE

PROTOCOL = SOURCE / "doc" / "PROTOCOL.md"

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


def block(language):
    """The one code block of the document in this language."""
    found = [code for name, code in BLOCK.findall(text()) if name == language]
    assert len(found) == 1, f"{PROTOCOL} has {len(found)} blocks of {language}"
    return found[0]


def text():
    return PROTOCOL.read_text(encoding="utf-8")


def section(heading):
    """What stands below a heading, up to the next one."""
    return re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text(), re.M | re.S)[1]


def rows(heading):
    """The tables of a section: [[cell, ...], ...], without their heads."""
    lines = [line for line in section(heading).splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for at, row in enumerate(cells) if not set(row[0]) <= set("-")
            and not (at + 1 < len(cells) and set(cells[at + 1][0]) <= set("-"))]


def names(cell):
    """What stands in back quotes."""
    return re.findall(r"`([^`]+)`", cell)


def users(catalog="main"):
    """The users of Redis that the document gives rights, for a catalog: {name: [rule, ...]}."""
    lines = [line.split() for line in block("acl").splitlines()]
    assert lines and all(words[0] == "user" for words in lines), lines
    return {words[1]: [rule.replace("{main}", f"{{{catalog}}}") for rule in words[2:]] for words in lines}


def password(rules):
    [found] = [rule[1:] for rule in rules if rule.startswith(">")]
    return found
