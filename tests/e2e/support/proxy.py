"""
A Redis that misbehaves: a relay between shelfd and a real redis-server, request by request, over unix sockets.

What no rule concerns is passed on. A rule names a stage, what happens to its requests, and how often. Rules and budgets
may be added at any time.
"""
import collections
import os
import select
import socket
import threading

from .waiting import until


class Gone(Exception):
    """A side is gone, or was sent away."""


class Wire:
    """One side of a connection: whole messages of RESP."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = bytearray()
        self.strings = []  # in the last message

    def more(self):
        try:
            got = self.sock.recv(1 << 18)
        except OSError:
            got = b""
        if not got:
            raise Gone
        self.buffer += got

    def end_of(self, at):
        """Where the message that begins there ends."""
        while (end := self.buffer.find(b"\r\n", at) + 2) < 2:
            self.more()
        kind, number = self.buffer[at:at + 1], self.buffer[at + 1:end - 2]
        if kind == b"$" and int(number) >= 0:
            start, end = end, end + int(number) + 2
            while len(self.buffer) < end:
                self.more()
            self.strings.append(bytes(self.buffer[start:end - 2]))
        elif kind == b"*":
            for _ in range(int(number)):
                end = self.end_of(end)
        return end

    def message(self):
        self.strings = []
        end = self.end_of(0)
        got = bytes(self.buffer[:end])
        del self.buffer[:end]
        return got

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError:
            raise Gone from None

    def wait_end(self):
        """Until it is closed, by whom ever; what comes meanwhile stays unread."""
        poll = select.poll()
        poll.register(self.sock, select.POLLRDHUP)
        poll.poll()
        raise Gone

    def cut(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it was cut before


def stage(words):
    """What a request is for: what the lease's script shall do, "apply", "rouse" (that script with nothing), or the command."""
    word = words[0].decode()
    if word == "EVALSHA" and words[2] == b"3":
        return words[6].decode()
    if word == "EVALSHA":
        return "apply" if len(words) > 4 else "rouse"
    return word


class Connection:
    def __init__(self, proxy, client, budget):
        self.proxy = proxy
        self.client = Wire(client)
        self.server = Wire(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        self.budget = budget  # bytes of replies until it is cut; None: no end
        self.delivered = 0  # bytes of replies
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        try:
            self.server.sock.connect(self.proxy.upstream)
            while True:
                request = self.client.message()
                name = stage(self.client.strings)
                self.proxy.action(name)(self, request)
                self.proxy.answered[name] += 1
        except (Gone, OSError):
            self.proxy.ended(self)
        finally:
            self.client.sock.close()
            self.server.sock.close()

    def ask(self, request):
        """The server's reply."""
        self.server.send(request)
        return self.server.message()

    def answer(self, data):
        if self.budget is not None and self.delivered + len(data) >= self.budget:
            data = data[:self.budget - self.delivered]
            self.budget = 0
        self.client.send(data)
        self.delivered += len(data)
        if self.budget == 0:
            raise Gone

    def cut(self):
        self.client.cut()
        self.server.cut()


# What can happen to a request.

def passed(connection, request):
    connection.answer(connection.ask(request))


def cut(_connection, _request):
    """The request is lost with the connection."""
    raise Gone


def cut_reply(after):
    """The request arrives; so many bytes of the reply do."""
    def action(connection, request):
        connection.answer(connection.ask(request)[:after])
        raise Gone
    return action


def say(reply):
    """This reply, and the server is not asked."""
    return lambda connection, _: connection.answer(reply)


def say_after(reply):
    """This reply, although the server carried the request out."""
    def action(connection, request):
        connection.ask(request)
        connection.answer(reply)
    return action


def stall(connection, _):
    """The request is lost, and nobody says so."""
    connection.client.wait_end()


def stall_reply(connection, request):
    """The request arrives; the reply does not, and nobody says so."""
    connection.ask(request)
    connection.client.wait_end()


def trickle(connection, request):
    """Each byte by itself."""
    for byte in connection.ask(request):
        connection.answer(bytes([byte]))


def endless(first, piece):
    """A reply that begins like this and goes on like that for as long as somebody reads."""
    def action(connection, _):
        connection.answer(first)
        while True:
            connection.answer(piece)
    return action


class Late:
    """The connection is lost; the request was on its way, and arrives when the test says so."""

    def __init__(self):
        self.arrives = threading.Event()
        self.reply = None

    def __call__(self, connection, request):
        connection.client.cut()
        self.arrives.wait()
        self.reply = connection.ask(request)
        raise Gone

    def arrive(self):
        self.arrives.set()
        return until("the late request was carried out", lambda: self.reply)


class Rule:
    def __init__(self, name, action, times):
        self.name = name  # of the stage; None: all
        self.action = action
        self.left = times
        self.met = 0

    def wait(self, times=1):
        until(f"{self.name} was met {times} times", lambda: self.met >= times)


class Proxy:
    """
    Listens at path for the server at upstream; url is what shelfd is to be given. budgets: of the next connections, see
    Connection; None is one without a budget.
    """

    def __init__(self, path, upstream, url):
        self.url = url
        self.upstream = upstream
        self.lock = threading.Lock()
        self.rules = []
        self.budgets = collections.deque()
        self.open = []
        self.lost = 0  # connections
        self.answered = collections.Counter()  # replies that were given whole, by stage
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen(64)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                connection = Connection(self, client, self.budgets.popleft() if self.budgets else None)
                self.open.append(connection)
            connection.thread.start()

    def ended(self, connection):
        with self.lock:
            self.open.remove(connection)
            self.lost += 1

    def rule(self, name, action, times=None):
        """times: None is for ever."""
        added = Rule(name, action, times)
        with self.lock:
            self.rules.append(added)
        return added

    def clear(self):
        with self.lock:
            self.rules.clear()

    def action(self, name):
        with self.lock:
            for rule in self.rules:
                if rule.name in (None, name) and rule.left != 0:
                    rule.left = rule.left and rule.left - 1
                    rule.met += 1
                    return rule.action
        return passed

    def cut(self):
        """All connections, now."""
        with self.lock:
            for connection in self.open:
                connection.cut()

    def close(self):
        with self.lock:
            self.rules.clear()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        self.cut()
        for connection in list(self.open):
            connection.thread.join(5)
