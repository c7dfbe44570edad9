"""The whole of a checkout: which files are manifests, which items they give, and which of them are broken."""
import dataclasses
import os
import stat
import subprocess

from . import canonical, document, names


@dataclasses.dataclass
class Collection:
    type: str
    path: str
    entry: list = dataclasses.field(default_factory=list)
    flat: list = dataclasses.field(default_factory=list)
    ignore: list = dataclasses.field(default_factory=list)
    id_from: str | list = None
    fields: dict = dataclasses.field(default_factory=dict)
    schema: str = None

    def __post_init__(self):
        given = {k: [v] if isinstance(v, str) else v for k, v in self.fields.items()}
        self.fields = {**document.DEFAULT_FIELDS, **given}


def default_collections():
    return [
        Collection("skill", "skills", ["SKILL.md"], ["*.md"]),
        Collection("mcp", "mcps", ["server.json", "server.yaml", "server.yml"],
                   ["**/*.json", "**/*.yaml", "**/*.yml", "**/*.md"]),
        Collection("tool", "tools", ["tool.yaml", "tool.yml", "tool.json"],
                   ["**/*.yaml", "**/*.yml", "**/*.json", "**/*.md"], schema="tool"),
    ]


@dataclasses.dataclass
class Expected:
    items: dict  # "type/id" -> published fields that follow from the disk
    broken: dict  # encoded path -> why it can not be an item
    losers: dict  # encoded path -> encoded path of the manifest that has its key
    ranks: dict = dataclasses.field(default_factory=dict)  # encoded path of every manifest -> its order among rivals
    head: dict = dataclasses.field(default_factory=dict)  # commit and branch, where there are any

    def keep(self, stale):
        """stale: "type/id" -> encoded path of a manifest that broke. It keeps its id from those that come after it."""
        for key, path in stale.items():
            winner = self.items[key]["path"] if key in self.items else None
            if path not in self.broken or winner is None or self.ranks[winner] < self.ranks[path]:
                continue
            del self.items[key]
            self.losers.update({loser: path for loser, to in self.losers.items() if to == winner})
            self.losers[winner] = path


def rows(output):
    return [row for row in output.split(b"\0") if row]


class Git:
    """What git says of a work tree, through its command line."""

    def __init__(self, root):
        self.root = root
        asked = [self.ask(*words) for words in (
            ("rev-parse", "-q", "--verify", "HEAD"), ("symbolic-ref", "-q", "--short", "HEAD"),
            ("ls-tree", "-r", "-z", "HEAD"), ("ls-files", "-s", "-z"),
            ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"))]
        head, branch, tree, index, ignored = [process.communicate()[0] for process in asked]
        self.head = head.strip().decode() or None
        self.branch = branch.strip().decode() or None
        self.blobs = {}
        for row in rows(tree):
            meta, path = row.split(b"\t", 1)
            self.blobs[path] = meta.split()[2].decode()
        entries = [(*meta.split(), path) for meta, path in (row.split(b"\t", 1) for row in rows(index))]
        self.conflicts = {path for _, _, stage, path in entries if stage != b"0"}
        self.files = {path for mode, _, _, path in entries if mode != b"160000"}
        self.ignored_files = {path for path in rows(ignored) if not path.endswith(b"/")}
        self.ignored_folders = {path[:-1] for path in rows(ignored) if path.endswith(b"/")}

    def ask(self, *words):
        """A git that runs; each answers while the others do."""
        return subprocess.Popen(["git", "-C", self.root, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL)

    def ignores(self, path):
        if any(folder in self.files for folder in names.parents(path)):
            # A folder where the index has a file: ls-files is silent on it.
            return self.ask("check-ignore", "-q", "--no-index", "--", os.fsdecode(path)).wait() == 0
        return path in self.ignored_files or path in self.ignored_folders or any(
            folder in self.ignored_folders for folder in names.parents(path))

    def state(self, path, blob):
        if path not in self.blobs:
            return "untracked"
        return "committed" if self.blobs[path] == blob else "modified"


def inside_git(root):
    return subprocess.run(["git", "-C", root, "rev-parse", "--git-dir"], capture_output=True,
                          check=False).returncode == 0


def walk(root, folder):
    """Every file below a folder, links not followed: (relative path, lstat)."""
    if any(os.path.islink(os.path.join(root, part)) for part in (folder, *names.parents(folder))):
        return
    try:
        entries = list(os.scandir(os.path.join(root, folder)))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        path = folder + b"/" + entry.name if folder else entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from walk(root, path)
        else:
            yield path, entry.stat(follow_symlinks=False)


class Tree:
    """The files of one collection, by what they are."""

    def __init__(self, root, collection, git):
        self.collection = collection
        self.root = root
        top = os.fsencode(collection.path)
        self.top = top
        self.entry = [os.fsencode(name) for name in collection.entry]
        self.flat = [names.pattern(p) for p in collection.flat]
        ignore = [names.pattern(p) for p in collection.ignore]
        self.files = {}
        for path, st in walk(root, top):
            below = path[len(top) + 1:] if top else path
            parts = below.split(b"/")
            covered = [below, *names.parents(below)]
            if any(names.temporary(part) for part in parts):
                continue
            if any(p.fullmatch(folder) for p in ignore for folder in covered):
                continue
            if git is not None and git.ignores(path):
                continue
            self.files[below] = st
        self.bundles = {path.rpartition(b"/")[0] for path in self.files
                        if path.rpartition(b"/")[2] in self.entry and b"/" in path}
        self.members = {}
        for path, st in self.files.items():
            if stat.S_ISREG(st.st_mode) or stat.S_ISLNK(st.st_mode):
                self.members.setdefault(self.owner(path), []).append(path)

    def owner(self, path):
        return next((folder for folder in names.parents(path) if folder in self.bundles), None)

    def manifests(self):
        """(path below the collection, rank, id by path) of every manifest."""
        for path in self.files:
            base = path.rpartition(b"/")[2]
            if base in self.entry:
                yield path, self.entry.index(base), names.encode(path.rpartition(b"/")[0])
            elif self.owner(path) is None and not names.document(base):
                rank = next((i for i, p in enumerate(self.flat) if p.fullmatch(path)), None)
                if rank is not None:
                    yield path, len(self.entry) + rank, names.encode(names.without_extension(path))

    def absolute(self, path):
        return os.path.join(self.root, self.top, path)

    def read(self, path):
        """Bytes of a regular file; document.Invalid for anything else."""
        mode = self.files[path].st_mode
        if stat.S_ISLNK(mode):
            raise document.Invalid("symlink")
        if not stat.S_ISREG(mode):
            raise document.Invalid("not regular")
        with open(self.absolute(path), "rb") as file:
            return file.read()

    def member_line(self, path, shown):
        mode = self.files[path].st_mode
        if stat.S_ISLNK(mode):
            return shown + b"\0link:" + os.readlink(self.absolute(path)) + b"\n"
        return shown + b"\0" + document.sha256(self.read(path)).encode() + b"\n"

    def bundle(self, manifest):
        """(digest, number of files) of the bundle of a manifest, or of the flat file by itself."""
        folder, _, base = manifest.rpartition(b"/")
        if base not in self.entry:
            return document.sha256(self.member_line(manifest, base)), 1
        members = sorted(self.members.get(folder, []))
        lines = b"".join(self.member_line(path, path[len(folder) + 1:]) for path in members)
        return document.sha256(lines), len(members)


def item_fields(said, data, tree, path, full, git, source):
    bundle_sha256, files = tree.bundle(path)
    metadata = canonical.dumps(said.metadata)
    blob = document.git_blob(data)
    item = {
        "type": tree.collection.type,
        "id": said.id,
        "source": source,
        "path": names.encode(full),
        "sha256": document.sha256(data),
        "bundle_sha256": bundle_sha256,
        "metadata_sha256": document.sha256(metadata.encode()),
        "size": str(len(data)),
        "files": str(files),
        "metadata": metadata,
        "git_blob": blob,
        "state": "ok",
        **said.fields,
    }
    if git is not None:
        item["git_state"] = git.state(full, blob)
    return item


def expected(root, collections=None, source="main"):
    """What a checkout must become. Knows nothing of its past: a broken manifest is no item here."""
    root = os.fsencode(os.path.realpath(root))
    git = Git(root) if inside_git(root) else None
    found, broken, ranks = {}, {}, {}
    for collection in collections or default_collections():
        tree = Tree(root, collection, git)
        for path, rank, ident in tree.manifests():
            full = tree.top + b"/" + path if tree.top else path
            ranks[names.encode(full)] = rank, names.encode(full)
            try:
                data = tree.read(path)
                said = document.read(data, path, ident, collection, git is not None and full in git.conflicts)
            except document.Invalid as why:
                broken[names.encode(full)] = str(why)
                continue
            item = item_fields(said, data, tree, path, full, git, source)
            found.setdefault(f"{collection.type}/{said.id}", []).append((rank, item["path"], item))
    items, losers = {}, {}
    for key, rivals in found.items():
        rivals.sort(key=lambda rival: rival[:2])
        items[key] = rivals[0][2]
        losers.update({path: rivals[0][1] for _, path, _ in rivals[1:]})
    head = {"commit": git.head, "branch": git.branch} if git is not None else {}
    return Expected(items, broken, losers, ranks, {name: value for name, value in head.items() if value is not None})
