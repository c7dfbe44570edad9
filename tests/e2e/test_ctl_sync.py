"""shelfctl sync and status against a stand-in for the daemon's control socket."""
import http.server
import json
import os
import socketserver
import threading

import pytest

from support.ctl import shelfctl

DONE = {"status": "ok", "trigger": "request", "created": 1, "updated": 2, "deleted": 0, "unchanged": 7, "errors": 3,
        "duration_ms": 1234, "rev": 46}


class Control:
    """Answers with what the test puts into answers: path -> (status, object, or an Event to wait for)."""

    def __init__(self, path, root):
        control = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def address_string(self):
                return "local"

            def log_message(self, *_):
                pass

            def do_GET(self):
                self.reply(None)

            def do_POST(self):
                self.reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def reply(self, body):
                control.requests.append((self.command, self.path, body))
                status, answer = control.answers[self.path]
                if isinstance(answer, threading.Event):
                    answer.wait()
                    return
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True

        self.path = path
        self.requests = []
        self.answers = {"/api/v1/sync/status": (200, {"source": {"root": root}, "state": "ready", "pid": 12,
                                                      "version": "9", "rev": 46, "items": 7, "problems": 3,
                                                      "started": "2026-01-01T00:00:00.000Z",
                                                      "redis": {"url": "unix:///r", "state": "offline",
                                                                "condition": "connection refused"},
                                                      "watch": {"watches": 5, "watch_limit": 100, "events": 9}}),
                        "/api/v1/sync": (200, DONE)}
        self.server = Server(path, Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def posted(self):
        [body] = [body for method, _, body in self.requests if method == "POST"]
        return body


@pytest.fixture
def control(folder):
    os.makedirs(os.path.join(folder, "checkout", "skills", "pdf"))
    made = Control(os.path.join(folder, "control.sock"), os.path.join(folder, "checkout"))
    yield made
    made.close()


def ctl(control, *arguments, folder, **options):
    return shelfctl(folder, "--socket", control.path, *arguments, **options)


def test_sync_is_accepted(control, folder):
    control.answers["/api/v1/sync"] = (202, {"status": "accepted"})
    assert ctl(control, "sync", folder=folder, check=0).stdout == "sync accepted\n"
    assert control.posted() == {"paths": [], "wait": False, "scan": True}


def test_sync_wait_tells_what_came_of_it(control, folder):
    assert ctl(control, "sync", "--wait", folder=folder, check=0).stdout == (
        "sync complete: 1 created, 2 updated, 0 deleted, 7 unchanged, 3 errors in 1.23 s\n")
    assert control.posted() == {"paths": [], "wait": True, "scan": True}


def test_sync_json_is_the_answer(control, folder):
    assert json.loads(ctl(control, "sync", "--wait", "--json", folder=folder, check=0).stdout) == DONE


def test_a_barrier_does_not_scan(control, folder):
    assert "revision 46" in ctl(control, "sync", "--barrier", folder=folder, check=0).stdout
    assert control.posted() == {"paths": [], "wait": True, "scan": False}


def test_paths_are_relative_to_the_root_of_the_daemon(control, folder):
    root = os.path.join(folder, "checkout")
    ctl(control, "sync", os.path.join(root, "skills", "pdf"), "skills//pdf/./x/../", "gone.md", folder=folder, check=0)
    assert control.posted()["paths"] == ["skills/pdf", "skills/pdf", "gone.md"]
    control.requests.clear()
    ctl(control, "sync", "pdf", "../tools", folder=os.path.join(root, "skills"), check=0)
    assert control.posted()["paths"] == ["skills/pdf", "tools"]


def test_a_name_that_is_not_utf8_is_refused(control, folder):
    assert "not UTF-8" in ctl(control, "sync", b"skills/\xff", folder=folder, check=2).stderr
    assert control.requests == []


def test_a_daemon_that_does_not_run_is_exit_3_and_names_the_socket(folder):
    assert f"{folder}/none.sock" in shelfctl(folder, "--socket", f"{folder}/none.sock", "sync", check=3).stderr
    assert f"{folder}/rt/control.sock" in shelfctl(folder, "sync", check=3, RUNTIME_DIRECTORY=f"{folder}/rt").stderr


def test_a_socket_without_a_listener_is_exit_3(control, folder):
    dead = os.path.join(folder, "dead.sock")
    Control(dead, "/").close()
    assert dead in shelfctl(folder, "--socket", dead, "sync", check=3).stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use every socket")
def test_a_socket_of_somebody_else_is_exit_4(control, folder):
    os.chmod(control.path, 0)
    assert "no permission" in ctl(control, "sync", folder=folder, check=4).stderr


def test_no_answer_in_time_is_exit_7(control, folder):
    never = threading.Event()
    control.answers["/api/v1/sync"] = (200, never)
    try:
        assert "no answer within 0.2 s" in ctl(control, "sync", "--wait", "--timeout", "200ms", folder=folder,
                                               check=7).stderr
    finally:
        never.set()


def test_a_daemon_that_ends_meanwhile_is_exit_3(control, folder):
    now = threading.Event()
    now.set()
    control.answers["/api/v1/sync"] = (200, now)  # closes without an answer
    assert "ended before it answered" in ctl(control, "sync", folder=folder, check=3).stderr


@pytest.mark.parametrize("status, code", [(400, 1), (403, 4), (500, 1), (503, 1), (504, 7)])
def test_a_refusal_is_told_in_the_words_of_the_daemon(control, folder, status, code):
    control.answers["/api/v1/sync"] = (status, {"error": "because\x1b[2J"})
    done = ctl(control, "sync", folder=folder, check=code)
    assert r"because\x1B[2J" in done.stderr and f"HTTP {status}" in done.stderr and done.stdout == ""


def test_status_with_redis_away_is_the_view_of_the_daemon(control, folder):
    done = ctl(control, "--redis", "unix:///nowhere/r.sock", "status", folder=folder, check=0)
    assert "running: version 9, pid 12" in done.stdout
    assert "revision    46" in done.stdout
    assert "offline: connection refused" in done.stdout
    assert "/nowhere/r.sock" in done.stdout
    status = json.loads(ctl(control, "--redis", "unix:///nowhere/r.sock", "--json", "status", folder=folder,
                            check=0).stdout)
    assert status["redis"]["reachable"] is False and status["running"] is True
    assert status["daemon"]["watch"]["watches"] == 5
    assert (status["rev"], status["items"], status["state"]) == (46, 7, "ready")
