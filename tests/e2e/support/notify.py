"""The receiving end of sd_notify(3)."""
import os
import queue
import socket
import threading

from .waiting import Deadline, TimedOut


class NotifySocket:
    """Reads all the time, as systemd does: who notifies waits where nobody reads."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify.sock")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self.socket.bind(self.path)
        self.unread = queue.SimpleQueue()
        self.messages = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while text := self.socket.recv(65536):
            self.unread.put(text.decode())

    def wait_for(self, assignment, seconds=None, alive=None):
        """Waits for a message with this assignment that has not been waited for; returns it as a dictionary."""
        deadline = Deadline(seconds)
        while True:
            if alive is not None:
                alive()
            try:
                text = self.unread.get(timeout=min(0.2, max(0.001, deadline.left())))
            except queue.Empty:
                if deadline.passed():
                    raise TimedOut(f"no {assignment} came; only {self.messages}") from None
                continue
            self.messages.append(text)
            pairs = dict(line.split("=", 1) for line in text.split("\n") if "=" in line)
            name, _, value = assignment.partition("=")
            if name in pairs and (not value or pairs[name] == value):
                return pairs

    def close(self):
        """An empty datagram ends the reader."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"", self.path)
        self.reader.join()
        self.socket.close()
        os.unlink(self.path)
