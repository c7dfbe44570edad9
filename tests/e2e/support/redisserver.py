"""A redis-server of our own, on a unix socket in a folder of our own, with the users of doc/PROTOCOL.md."""
import os
import shutil
import signal
import subprocess

import pytest
import redis

from . import document
from .waiting import PATIENCE, until


OURS = "test"  # name of the connections that are the test's own


class RedisServer:
    """
    url is the address with the rights of a shelfd, reader with those of a consumer, address with the default user, who
    may do anything. A server with a password for that one (--requirepass) has no other.
    """

    def __init__(self, folder, *options):
        self.folder = folder
        self.socket = os.path.join(folder, "redis.sock")
        self.address = self.url = self.reader = f"unix://{self.socket}"
        self.users = {} if "--requirepass" in options else document.users()
        if self.users:
            self.url, self.reader = (f"unix://{name}:{document.password(self.users[name])}@{self.socket}"
                                     for name in ("shelfd", "reader"))
        self.options = options
        self.process = None
        self.clients = []

    def start(self):
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        if program is None:
            pytest.skip("no redis-server in PATH")
        os.makedirs(self.folder, exist_ok=True)
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [program, "--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "700", "--dir", self.folder,
                 "--save", "", "--daemonize", "no", *self.options,
                 *(word for name, rules in self.users.items() for word in ("--user", name, *rules))], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until("redis-server answers", self.answers)
        return self

    def answers(self):
        """Does it, password or not? Ends with the log if the server is gone."""
        if self.process.poll() is not None:
            with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
                raise AssertionError(f"redis-server ended at once:\n{log.read()}")
        client = redis.Redis(unix_socket_path=self.socket, socket_timeout=PATIENCE)
        try:
            return client.ping()
        except redis.AuthenticationError:
            return True
        except (redis.ConnectionError, redis.BusyLoadingError):
            return False
        finally:
            client.close()

    def client(self, **options):
        client = redis.Redis(unix_socket_path=self.socket, decode_responses=True, socket_timeout=PATIENCE,
                             client_name=OURS, **options)
        self.clients.append(client)
        return client

    def allow(self, catalog):
        """Gives the users the same rights for another catalog."""
        client = self.client()
        for name, rules in document.users(catalog).items():
            client.execute_command("ACL", "SETUSER", name, *(rule for rule in rules if rule[0] in "~&"))

    def left_alone(self):
        """
        Waits until only the test has connections. A program that was ended may leave a request behind, which Redis
        carries out when it comes to it, and only then lets go of the connection.
        """
        client = self.client()
        until("redis-server has done what ended programs had sent",
              lambda: all(row["name"] == OURS for row in client.client_list()))

    def stop(self, how=signal.SIGTERM):
        for client in self.clients:
            client.connection_pool.disconnect()
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None
