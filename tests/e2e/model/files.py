"""What is done to files. What the file system refuses is an OSError; then nothing, or only a part, has been done."""
import contextlib
import ctypes
import mmap
import os
import shutil

from support.checkout import remove

OUTSIDE = "/outside"  # as the target of a link: a file in the same private folder, but not in root
RENAME_EXCHANGE = 2
AT_FDCWD = -100

libc = ctypes.CDLL(None, use_errno=True)


def exchange(one, other):
    """renameat2(2) with RENAME_EXCHANGE."""
    if libc.renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), one)


def vanish(path):
    """Removes whatever is there, if anything is."""
    with contextlib.suppress(FileNotFoundError):
        remove(path)


class Files:
    """
    root, somewhere in the private folder, with files that are changed, those below the folders tops. unseen: a file was
    changed through another name than the one that is watched, which no event tells; only a look at everything finds it.
    """

    def __init__(self, folder, root, tops):
        self.folder = os.path.realpath(folder)
        self.root = root
        self.tops = tops
        self.outside = os.path.join(self.folder, "outside")
        with open(self.outside, "w", encoding="ascii") as file:
            file.write("name: outside\n")
        self.writers = []
        self.unseen = False

    def path(self, path):
        """Links are followed by most of what is done here, and it may be root who does it: none may lead out of folder."""
        full = os.path.join(self.root, path)
        if not os.path.realpath(full).startswith(self.folder + os.sep):
            raise AssertionError(f"{full} leads to {os.path.realpath(full)}, outside of {self.folder}")
        return full

    def there(self, path):
        return os.path.lexists(self.path(path))

    def pick(self, number, folder):
        """One of the files or of the folders that are there, always the same one of the same ones."""
        found = []
        for top in self.tops:
            if os.path.islink(self.path(top)):
                continue  # could lead to git's own files
            for at, folders, files in os.walk(self.path(top)):
                found += [os.path.relpath(os.path.join(at, name), self.root) for name in (folders if folder else files)]
        return sorted(found)[number % len(found)] if found else self.tops[number % len(self.tops)]

    def room(self, path):
        """The full path, its folder made."""
        full = self.path(path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        return full

    @contextlib.contextmanager
    def opened(self, path, flags):
        fd = os.open(self.room(path), flags, 0o644)
        try:
            yield fd
        finally:
            self.watch_links(fd)
            os.close(fd)

    def watch_links(self, fd):
        self.unseen |= os.fstat(fd).st_nlink > 1

    def write(self, path, data):
        with self.opened(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as fd:
            os.write(fd, data)

    def write_in_pieces(self, path, data):
        with self.opened(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as fd:
            for at in range(0, len(data), 10):
                os.write(fd, data[at:at + 10])

    def write_unnoticed(self, path, data):
        """Of the same size and with the same time of modification as what was there, where it is long enough."""
        full = self.path(path)
        before = os.stat(full)
        with self.opened(path, os.O_WRONLY) as fd:
            os.pwrite(fd, data[:before.st_size], 0)
        os.utime(full, ns=(before.st_atime_ns, before.st_mtime_ns))

    def write_by_map(self, path, data):
        with self.opened(path, os.O_RDWR) as fd:
            size = min(len(data), os.fstat(fd).st_size)
            if size > 0:
                with mmap.mmap(fd, size) as view:
                    view[:] = data[:size]

    def append(self, path, data):
        with self.opened(path, os.O_WRONLY | os.O_APPEND) as fd:
            os.write(fd, data)

    def truncate(self, path, size):
        full = self.path(path)
        self.unseen |= os.stat(full).st_nlink > 1
        os.truncate(full, min(size, os.stat(full).st_size))

    def begin_writing(self, path, data):
        """The first half; the writer keeps it open."""
        fd = os.open(self.room(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        self.writers.append((fd, data[len(data) // 2:]))
        self.watch_links(fd)
        os.write(fd, data[:len(data) // 2])

    def end_writing(self):
        """The second half of what was begun first, wherever that file is by now."""
        if self.writers:
            fd, rest = self.writers.pop(0)
            self.watch_links(fd)
            os.write(fd, rest)
            os.close(fd)

    def close(self):
        for fd, _ in self.writers:
            os.close(fd)
        self.writers.clear()

    def replace(self, path, data, temporary):
        full = self.room(path)
        beside = os.path.join(os.path.dirname(full), temporary)
        vanish(beside)
        with open(beside, "wb") as file:
            file.write(data)
        os.rename(beside, full)

    def backup_and_recreate(self, path, data):
        full = self.path(path)
        os.rename(full, full + "~")
        self.write(path, data)

    def unlink_and_create(self, path, data):
        os.unlink(self.path(path))
        self.write(path, data)

    def link_in(self, path, data):
        """A file without a name gets one."""
        fd = os.open(self.root, os.O_TMPFILE | os.O_WRONLY, 0o644)
        try:
            os.write(fd, data)
            os.link(f"/proc/self/fd/{fd}", self.room(path))
        finally:
            os.close(fd)

    def storm(self, path, data):
        for _ in range(5):
            self.write(path, data)
            os.unlink(self.path(path))
        self.write(path, data)

    def hard_link(self, source, path):
        os.link(self.path(source), self.room(path), follow_symlinks=False)

    def symlink(self, path, target):
        """Makes a link, or lets an existing one or a file lead elsewhere in one step."""
        full = self.room(path)
        made = os.path.join(self.root, ".link")
        vanish(made)
        os.symlink(self.outside if target == OUTSIDE else target, made)
        os.rename(made, full)

    def touch(self, path):
        os.utime(self.path(path))

    def chmod(self, path, mode):
        os.chmod(self.path(path), mode)

    def make_folder(self, path):
        os.makedirs(self.path(path), exist_ok=True)

    def remove(self, path):
        remove(self.path(path))

    def remove_and_make(self, path, below, data):
        self.remove(path)
        self.write(os.path.join(path, below), data)

    def file_for_folder(self, path, data):
        self.remove(path)
        self.write(path, data)

    def rename(self, old, new):
        """As rename(2) does it: over a file, over an empty folder."""
        os.rename(self.path(old), self.room(new))

    def move_over(self, old, new):
        """As mv does it after rm -r of what was there."""
        if (new + "/").startswith(old + "/") or (old + "/").startswith(new + "/"):
            return
        os.stat(self.path(old), follow_symlinks=False)
        vanish(self.path(new))
        self.rename(old, new)

    def swap(self, one, other):
        """By three renames."""
        aside = self.path("aside")
        vanish(aside)
        os.rename(self.path(one), aside)
        try:
            os.rename(self.path(other), self.path(one))
        finally:
            os.rename(aside, self.path(other) if not os.path.lexists(self.path(other)) else self.path(one))

    def exchange(self, one, other):
        exchange(self.path(one), self.path(other))

    def copy(self, old, new):
        if (os.path.realpath(self.path(new)) + "/").startswith(os.path.realpath(self.path(old)) + "/"):
            return
        shutil.copytree(self.path(old), self.path(new), symlinks=True, dirs_exist_ok=True, copy_function=self.copy_file)

    def copy_file(self, old, new):
        with open(old, "rb") as file:
            self.write(new, file.read())
