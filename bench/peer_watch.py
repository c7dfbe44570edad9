#!/usr/bin/python3
"""A straightforward watcher in Python, to compare with: on each save hash the file, write one key, publish.

usage: peer_watch.py TREE REDIS-SOCKET
"""
import hashlib
import os
import signal
import socket
import sys

import redis
from watchdog.events import FileSystemEventHandler
from watchdog.observers import Observer


class Handler(FileSystemEventHandler):
    def __init__(self, root, sock):
        self.root = root
        self.db = redis.Redis(unix_socket_path=sock)

    def publish(self, path):
        if os.path.basename(path).startswith("."):
            return
        data = open(path, "rb").read()
        name = os.path.relpath(path, self.root)
        digest = hashlib.sha256(data).hexdigest()
        self.db.hset(f"peer:file:{name}", "sha256", digest)
        self.db.publish("peer:events", f"{name} {digest}")

    def on_closed(self, event):
        self.publish(event.src_path)

    def on_moved(self, event):
        self.publish(event.dest_path)


def main():
    root, sock = sys.argv[1:]
    observer = Observer()
    handler = Handler(root, sock)
    for collection in ("skills", "mcps", "tools"):
        observer.schedule(handler, os.path.join(root, collection), recursive=True)
    observer.start()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
    signal.sigwait([signal.SIGTERM, signal.SIGINT])
    os._exit(0)


signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
main()
