import os
import pathlib
import shutil
import tempfile

import pytest

from support import daemon as programs
from support import kept
from support.scene import Scene
from support.waiting import TimedOut, until


def pytest_addoption(parser):
    parser.addoption("--part", default="1/1", metavar="K/N", help="only each N-th test, from the K-th on: for several pytest side by side")


def pytest_collection_modifyitems(config, items):
    number, parts = map(int, config.getoption("--part").split("/"))
    config.hook.pytest_deselected(items=[item for i, item in enumerate(items) if i % parts != number - 1])
    items[:] = items[number - 1::parts]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, f"report_{call.when}", outcome.get_result())


def left_running(folder):
    """Processes that still run in a folder: {pid: command line}. Their working directory tells."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/cwd").startswith(folder + "/"):
                found[int(pid)] = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            pass  # it ended meanwhile, or is somebody else's
    return found


def assert_nothing_runs(folder):
    """What the test stopped may need a moment to end."""
    try:
        until("nothing runs in the folder", lambda: not left_running(folder))
    except TimedOut:
        raise AssertionError(f"the test left behind: {left_running(folder)}") from None


@pytest.fixture
def scene(request):
    """An empty checkout in git, and what stops all that the test starts. The folder's path is short: unix sockets."""
    for program in (programs.SHELFD, programs.SHELFCTL):
        assert os.access(program, os.X_OK), f"{program} is not there: build first; SHELFD_BUILD names the build folder"
    folder = tempfile.mkdtemp(prefix="shelfd-")
    made = Scene(folder)
    made.checkout.init()
    yield made
    if getattr(request.node, "report_call", None) is not None and request.node.report_call.failed:
        made.show_logs()
    made.close()
    try:
        for daemon in made.daemons:
            daemon.assert_clean()
        assert_nothing_runs(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def folder():
    """A private folder with a short path."""
    made = tempfile.mkdtemp(prefix="shelfd-")
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def corpus():
    """Real manifests; not part of the project."""
    path = pathlib.Path(os.environ.get("SHELFD_CORPUS", programs.SOURCE.parent / "shared" / "corpus"))
    if not path.is_dir():
        pytest.skip(f"no corpus of real manifests at {path} (SHELFD_CORPUS names another place)")
    return path


@pytest.fixture
def reads(scene):
    return kept.Reads(scene)


@pytest.fixture
def settled(scene, reads):
    """A shelfd that has read everything and ended, and Redis that has it."""
    kept.tree(scene)
    daemon = kept.start(scene.daemon(), reads)
    assert len(reads.take()) == kept.FILES, "it reads what it has not seen"
    scene.check()
    kept.stop(daemon)
    return daemon
