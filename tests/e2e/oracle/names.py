"""Names: what a path is, what matches a pattern, how a path becomes an id. All paths are bytes, relative."""
import re

DOCUMENTS = {b"README.md", b"CHANGELOG.md", b"CONTRIBUTING.md", b"CLAUDE.md", b"AGENTS.md", b"index.md"}
TEMPORARY = re.compile(rb"\..*|.*~|#.*#|.*\.swp|.*\.swx|.*\.tmp|4913", re.S)

CONTROLS = set(range(0x20)) | set(range(0x7F, 0xA0))
BIDI = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
SEPARATORS = {0x2028, 0x2029}


def encode(raw):
    """Percent-encodes '%' and all that is not printable UTF-8."""
    out = []
    for char in raw.decode("utf-8", "surrogateescape"):
        code = ord(char)
        if 0xDC80 <= code <= 0xDCFF or code in CONTROLS | BIDI | SEPARATORS or char == "%":
            out += [f"%{byte:02X}" for byte in char.encode("utf-8", "surrogateescape")]
        else:
            out.append(char)
    return "".join(out)


def pattern(text):
    """A compiled glob: '*', '?', '[...]' within a part, '**' for any number of parts."""
    out, i = "", 0
    while i < len(text):
        if text.startswith("**/", i):
            out, i = out + "(?:[^/]+/)*", i + 3
        elif text.startswith("**", i):
            out, i = out + ".*", i + 2
        elif text[i] == "*":
            out, i = out + "[^/]*", i + 1
        elif text[i] == "?":
            out, i = out + "[^/]", i + 1
        elif text[i] == "[" and "]" in text[i + 2:]:
            end = text.index("]", i + 2)
            inner = text[i + 1:end]
            out, i = out + "[" + ("^" + inner[1:] if inner[0] in "!^" else inner) + "]", end + 1
        else:
            out, i = out + re.escape(text[i]), i + 1
    return re.compile(out.encode(), re.S)


def temporary(name):
    return TEMPORARY.fullmatch(name) is not None


def document(name):
    return name in DOCUMENTS or name.startswith(b"LICENSE")


def parents(path):
    """The folders a relative path lies in, the nearest first, without the top."""
    parts = path.split(b"/")[:-1]
    while parts:
        yield b"/".join(parts)
        parts = parts[:-1]


def without_extension(path):
    folder, slash, base = path.rpartition(b"/")
    stem, dot, _ = base.rpartition(b".")
    return folder + slash + (stem if dot and stem else base)
