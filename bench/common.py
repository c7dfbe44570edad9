"""What the measures share: a private redis-server, starting shelfd and its peers, percentiles, the table."""
import argparse
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else "python3"


def arguments(description, **defaults):
    """The arguments that every measure has."""
    p = argparse.ArgumentParser(description=description)
    p.add_argument("--build", type=pathlib.Path, default=HERE.parent / "build", help="build tree (default: build/)")
    p.add_argument("--tree", type=pathlib.Path, help="a tree of generate.py (default: one is made and removed again)")
    p.add_argument("--count", type=int, default=20000, help="manifests of the tree that is made (20000)")
    for name, value in defaults.items():
        p.add_argument(f"--{name}", type=type(value), default=value, help=f"(default: {value})")
    a = p.parse_args()
    a.shelfd = a.build.resolve() / "src" / "shelfd"
    if not os.access(a.shelfd, os.X_OK):
        sys.exit(f"{a.shelfd} is not there: build first, or name the build tree with --build")
    return a


class Workshop:
    """A temporary folder with a tree and a redis-server on a unix socket; use as a context."""

    def __init__(self, args, make=True):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="shelfd-bench-"))
        self.shelfd = str(args.shelfd)
        self.procs = []
        self.runs = 0
        self.tree = args.tree.resolve() if args.tree else self.dir / "tree"
        self.made = make and args.tree is None
        self.count = args.count

    def __enter__(self):
        try:
            if self.made:
                subprocess.run([PYTHON, HERE / "generate.py", "--count", str(self.count), self.tree], check=True)
            self.socket = str(self.dir / "redis.sock")
            self.redis = self.start(
                ["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly", "no",
                 "--dir", str(self.dir), "--logfile", str(self.dir / "redis.log")])
            self.until(lambda: self.command("PING") == b"+PONG\r\n", 10, "redis-server")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for proc in reversed(self.procs):
            self.stop(proc)
        shutil.rmtree(self.dir, ignore_errors=True)

    def start(self, argv, **kw):
        proc = subprocess.Popen(argv, stdin=subprocess.DEVNULL, **kw)
        self.procs.append(proc)
        return proc

    def stop(self, proc):
        if proc.poll() is None:
            proc.send_signal(signal.SIGTERM)
            try:
                proc.wait(10)
            except subprocess.TimeoutExpired:
                proc.kill()
                proc.wait()

    @staticmethod
    def until(ready, seconds, what):
        deadline = time.monotonic() + seconds
        while True:
            try:
                if ready():
                    return
            except OSError:
                pass
            if time.monotonic() > deadline:
                sys.exit(f"{what} is not ready after {seconds} s")
            time.sleep(0.02)

    def connect(self):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.connect(self.socket)
        return s

    def command(self, *words):
        """One command with a short reply."""
        with self.connect() as s:
            s.sendall(resp(*words))
            return s.recv(65536)

    def client(self, decode_responses=True):
        """A redis-py client, to be closed."""
        import redis
        return redis.Redis(unix_socket_path=self.socket, decode_responses=decode_responses)

    def shelfctl_argv(self, *words):
        """argv of a shelfctl that talks to the shelfd that was started last."""
        shelfctl = pathlib.Path(self.shelfd).parent / "ctl" / "shelfctl"
        return [str(shelfctl), "-c", str(self.dir / f"run{self.runs}" / "shelfd.yaml"), *words]

    def shelfd_argv(self, *more):
        """argv and environment of a shelfd with a state of its own."""
        self.runs += 1
        home = self.dir / f"run{self.runs}"
        env = {k: v for k, v in os.environ.items() if not k.startswith("SHELFD_")}
        for name in ("runtime", "state"):
            (home / name).mkdir(parents=True)
        (home / "shelfd.yaml").write_text(f"runtime_dir: {home}/runtime\nstate_dir: {home}/state\n")
        redis = f"unix://{self.socket}"
        return [self.shelfd, "-c", str(home / "shelfd.yaml"), "-C", str(self.tree), "--redis", redis, *more], env

    def start_ready(self, argv, env, seconds=300):
        """Start a daemon that speaks sd_notify(3) and wait until it is ready."""
        path = self.dir / f"notify{self.runs}-{len(self.procs)}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.bind(str(path))
            s.settimeout(seconds)
            log = open(f"{path}.log", "wb")
            proc = self.start(argv, env={**env, "NOTIFY_SOCKET": str(path)}, stdout=log, stderr=log)
            deadline = time.monotonic() + seconds
            while True:
                try:
                    if b"READY=1" in s.recv(65536).split(b"\n"):
                        return proc
                except socket.timeout:
                    pass
                if proc.poll() is not None or time.monotonic() > deadline:
                    said = pathlib.Path(f"{path}.log").read_text(errors="replace")
                    sys.exit(f"{argv[0]} did not become ready:\n{said}")


def timed(argv, **kw):
    """Seconds that a program takes, and what it said; it must not fail."""
    start = time.monotonic()
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kw)
    seconds = time.monotonic() - start
    if done.returncode != 0:
        sys.exit(f"{argv[0]} ended with {done.returncode}:\n" + done.stdout.decode(errors="replace")[-2000:])
    return seconds, done.stdout.decode(errors="replace")


def files_read(calls, tree):
    """The files of the tree that were read, by strace -y of read and pread64."""
    tree = re.escape(os.path.realpath(tree))
    return set(re.findall(rf"\bp?read(?:64)?\(\d+<({tree}/(?!\.git/)[^>]*)>", calls))


def git(w, *words):
    return subprocess.run(["git", "-c", "user.name=b", "-c", "user.email=b@example.org", *words], cwd=w.tree, check=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout


def prepare_clone(w):
    """Go on in a clone, so that the tree stays as it is."""
    tree, w.tree = w.tree, w.dir / "clone"
    subprocess.run(["git", "clone", "-q", str(tree), str(w.tree)], check=True)


def resp(*words):
    out = b"*%d\r\n" % len(words)
    for w in words:
        w = w.encode() if isinstance(w, str) else w
        out += b"$%d\r\n%s\r\n" % (len(w), w)
    return out


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * p / 100))]


def status(pid, *fields):
    """Numbers from /proc/PID/status."""
    got = {}
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key in fields:
            got[key] = int(value.split()[0])
    return [got[f] for f in fields]


def table(head, rows):
    rows = [[str(c) for c in r] for r in [head, *rows]]
    width = [max(len(r[i]) for r in rows) for i in range(len(head))]
    for n, r in enumerate(rows):
        print("  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(r, width))).rstrip())
        if n == 0:
            print("  ".join("-" * w for w in width))


def ratio_rows(samples, base, form):
    """One row a contender: median, least, most, and its median as a multiple of that of base."""
    ref = statistics.median(samples[base])
    return [[name, form(statistics.median(v)), form(min(v)), form(max(v)), f"{statistics.median(v) / ref:.2f}"]
            for name, v in samples.items()]
