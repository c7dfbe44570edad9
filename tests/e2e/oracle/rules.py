"""What the rules of the dialects say of a document, as counts by code. From MANIFESTS.md and DIALECTS.md, not from the C code."""
import collections
import re

from . import document

SKILL_KEYS = {"name", "description", "license", "compatibility", "metadata", "allowed-tools"}
SKILL_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
TOOL_NAME = re.compile(r"[A-Za-z0-9_.-]*")


def blank(text):
    return text.strip(" \t\r\n") == ""


def common(root, fields):
    """Of every dialect."""
    found = collections.Counter()
    for field in ("name", "description"):
        value = next(iter(document.candidates(root, fields[field])), None)
        if value is not None and not isinstance(value, str):
            found[field + "-type"] += 1
    status = next(iter(document.candidates(root, fields["status"])), None)
    if status is not None and not (isinstance(status, str) and status in document.STATUSES):
        found["status-unknown"] += 1
    return found


def missing(root):
    return collections.Counter(f"{key}-missing" for key in ("name", "description") if root.get(key) is None)


def skill(root, folder):
    """folder: the name of the one that holds SKILL.md."""
    found = missing(root)
    name, description, needs = root.get("name"), root.get("description"), root.get("compatibility")
    if isinstance(name, str):
        if blank(name) or len(name) > 64:
            found["skill-name-length"] += 1
        if not blank(name) and not SKILL_NAME.fullmatch(name):
            found["skill-name-format"] += 1
        if not blank(name) and name != folder:
            found["skill-name-folder"] += 1
    if isinstance(description, str) and (blank(description) or len(description) > 1024):
        found["skill-description-length"] += 1
    if needs is not None and (not isinstance(needs, str) or blank(needs) or len(needs) > 500):
        found["skill-compatibility-length"] += 1
    found["skill-unknown-key"] += len(set(root) - SKILL_KEYS)
    return +found


def tool(root):
    found = missing(root)
    name = root.get("name")
    if isinstance(name, str) and (not 1 <= len(name) <= 128 or not TOOL_NAME.fullmatch(name)):
        found["tool-name-format"] += 1
    for key in ("inputSchema", "input_schema", "parameters"):
        schema = root.get(key)
        if key in root and (not isinstance(schema, dict) or schema.get("type", "object") != "object"):
            found["tool-input-schema"] += 1
    return found


def tools(listed):
    found = sum((tool(one) for one in listed), collections.Counter())
    names = collections.Counter(one["name"] for one in listed if isinstance(one.get("name"), str))
    found["tool-duplicate-name"] += sum(n - 1 for n in names.values())
    return +found
