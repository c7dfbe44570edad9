"""Several redis-servers that fail over: sentinels around a master and its replicas, and a cluster. All on the loopback."""
import os
import shutil
import signal
import subprocess

import redis

from . import document
from .network import HOST, port
from .redisserver import OURS, RedisServer
from .waiting import PATIENCE, Deadline, until

# Redis gives a hand-over up that has not come about after 5 s (CLUSTER_MF_TIMEOUT), and nobody is told: ask again then.
HAND_OVER = 6
QUICK = ("--repl-ping-replica-period", "1", "--repl-timeout", "5", "--repl-diskless-sync-delay", "0")
LINK = "replication"  # the user that replicas are for their master
ASKER = "asker"  # whom the tests are; "default" may be shut out
MASTER = "mine"  # what the sentinels call the master
SENTINEL_PASSWORD = "of the sentinels"
WATCHER = "watcher"  # whom the sentinels let in to be asked
WATCHER_PASSWORD = "asks"
WATCHER_RIGHTS = "-@all +client|setname +sentinel|get-master-addr-by-name +subscribe +ping &+switch-master"


def listen(place, tls):
    """Options of a server on a port; tls: its certificate, the key, and the authority's certificate, or None."""
    if tls is None:
        return ["--port", str(place)]
    cert, key, authority = tls
    return ["--port", "0", "--tls-port", str(place), "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file",
            authority, "--tls-auth-clients", "no", "--tls-replication", "yes", "--tls-cluster", "yes"]


class Node(RedisServer):
    """A redis-server that is reached over TCP too, and whose replicas can be cut off."""

    def __init__(self, folder, *options, rights=(), tls=None):
        self.port = port()
        super().__init__(folder, "--bind", HOST, *listen(self.port, tls), "--protected-mode", "no",
                         "--user", LINK, "on", ">secret", "+psync", "+replconf", "+ping",
                         "--user", ASKER, "on", ">secret", "~*", "&*", "+@all",
                         "--masteruser", LINK, "--masterauth", "secret", *QUICK, *options)

        self.users = {name: [*rules, *rights] for name, rules in self.users.items()}
        # It may hang: then this is not the master.
        self.asker = redis.Redis(unix_socket_path=self.socket, username=ASKER, password="secret", decode_responses=True,
                                 socket_timeout=3, client_name=OURS)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """Whoever has a connection notices by itself."""
        self.process.kill()
        self.process.wait()

    def role(self):
        try:
            return self.asker.execute_command("ROLE")[0]
        except redis.RedisError:
            return None

    def cut_replicas(self):
        """From now on nothing reaches a replica."""
        def cut():
            try:
                self.asker.acl_setuser(LINK, enabled=False)
                return self.asker.client_kill_filter(_type="slave") >= 0
            except redis.ConnectionError:
                return False
        until("replicas are cut off", cut)

    def in_sync(self, number):
        """Do so many replicas have all that this master has?"""
        pipe = self.asker.pipeline(transaction=False)
        pipe.publish("a write", "that is waited for")
        pipe.execute_command("WAIT", number, 1000)
        try:
            return pipe.execute()[1] >= number
        except redis.RedisError:
            return False  # sentinels close the connections to whom they promote


class Topology:
    """What a Scene takes for its server: url, client() of the master, stop(). place: the address without a user."""

    def __init__(self, scheme, place):
        users = document.users()
        self.url, self.reader = (f"{scheme}://{name}:{document.password(users[name])}@{place}" for name in ("shelfd", "reader"))
        self.address = f"{scheme}://{place}"  # as it is shown
        self.nodes = []
        self.others = []  # processes beside the nodes
        self.process = None  # as of a RedisServer: there is no single one

    def find_master(self):
        """The node that is the master now, or None."""
        raise NotImplementedError

    def master(self):
        return until("there is a master", self.find_master)

    def client(self, **options):
        return self.master().client(**options)

    def left_alone(self):
        client = self.master().asker
        until("the master has done what ended programs had sent",
              lambda: all(row["name"] == OURS or "S" in row["flags"] for row in client.client_list()))

    def stop(self):
        for other in self.others:
            other.kill()
            other.wait()
        for node in self.nodes:
            node.asker.close()
            node.stop(signal.SIGKILL)


class Cluster(Topology):
    """Three masters and three replicas. The master that counts is the one with the slot of the catalog."""

    def __init__(self, folder, tls=None, catalog="main"):
        self.catalog = catalog
        nodes = [Node(os.path.join(folder, f"node{i}"), "--cluster-enabled", "yes", "--cluster-node-timeout", "1000",
                      "--cluster-announce-ip", HOST, "--cluster-replica-validity-factor", "0", rights=["+cluster|slots"], tls=tls)
                 for i in range(6)]
        # One of the addresses is enough; the others are learned.
        super().__init__("cluster" if tls is None else "cluster+tls", f"{HOST}:{nodes[0].port}")
        self.nodes = nodes

    def start(self):
        for node in self.nodes:
            node.start()
        for i, (node, first) in enumerate(zip(self.nodes, (0, 5461, 10923))):
            node.asker.execute_command("CLUSTER", "ADDSLOTSRANGE", first, (5460, 10922, 16383)[i])
            node.asker.execute_command("CLUSTER", "SET-CONFIG-EPOCH", i + 1)
        for node in self.nodes[1:]:
            node.asker.execute_command("CLUSTER", "MEET", HOST, self.nodes[0].port)
        until("all nodes know each other", lambda: all(len(self.known(node)) == 6 for node in self.nodes))
        for master, replica in zip(self.nodes[:3], self.nodes[3:]):
            name = master.asker.execute_command("CLUSTER", "MYID")
            until("a replica takes its master", lambda: self.accepted(replica, "REPLICATE", name))
        until("the cluster is whole", self.whole)
        return self

    @staticmethod
    def accepted(node, *words):
        try:
            return bool(node.asker.execute_command("CLUSTER", *words))
        except redis.ResponseError:
            return False

    @staticmethod
    def info(node):
        return node.asker.execute_command("CLUSTER", "INFO")

    @staticmethod
    def known(node):
        """Lines of CLUSTER NODES, as lists of words."""
        return [line.split() for line in node.asker.execute_command("CLUSTER", "NODES").splitlines()]

    def whole(self):
        """Is every node up and of the same mind, three of them masters, each with a replica that has everything?"""
        for node in self.nodes:
            flags = sorted(row[2].replace("myself,", "") for row in self.known(node))
            if flags != ["master"] * 3 + ["slave"] * 3 or "cluster_state:ok" not in self.info(node):
                return False
        masters = [node for node in self.nodes if node.role() == "master"]
        return len(masters) == 3 and all(node.in_sync(1) for node in masters)

    def find_master(self):
        """The node that takes a key of the catalog for its own."""
        for node in self.nodes:
            if node.alive() and node.role() == "master":
                try:
                    node.asker.hget(f"shelf:{{{self.catalog}}}:head", "rev")
                    return node
                except redis.RedisError:
                    pass
        return None

    def hand_over(self):
        """A replica takes the place of a master that lives on as a replica. Returns the old one."""
        old = self.master()
        name = old.asker.execute_command("CLUSTER", "MYID")
        [replica] = [node for node in self.nodes if any("myself" in row[2] and row[3] == name for row in self.known(node))]
        given_up = Deadline(0)

        def took_over():
            nonlocal given_up
            if self.find_master() is replica:
                return True
            if given_up.passed() and self.accepted(replica, "FAILOVER"):
                given_up = Deadline(HAND_OVER)
            return False
        until("the replica has the slot", took_over)
        return old

    def move_slot(self, key, to, parts, between):
        """
        Moves the slot of a key to another node, key by key, as resharding does. parts gives the keys in two lists, the one to
        be moved first, and between is called between them. A key that is there already is an error: nobody may make one at the
        new node before.
        """
        source = self.master()
        slot = source.asker.execute_command("CLUSTER", "KEYSLOT", key)
        names = [node.asker.execute_command("CLUSTER", "MYID") for node in (source, to)]
        to.asker.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", names[0])
        source.asker.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", names[1])
        keys = source.asker.execute_command("CLUSTER", "GETKEYSINSLOT", slot, 100000)
        first, last = parts(sorted(keys))
        for moved in first:
            source.asker.execute_command("MIGRATE", HOST, to.port, moved, 0, 5000)
        between()
        for moved in last:
            source.asker.execute_command("MIGRATE", HOST, to.port, moved, 0, 5000)
        assert source.asker.execute_command("CLUSTER", "COUNTKEYSINSLOT", slot) == 0
        for node in (to, source, *(n for n in self.nodes if n.role() == "master")):
            node.asker.execute_command("CLUSTER", "SETSLOT", slot, "NODE", names[1])
        until("the slot has moved", lambda: self.find_master() is to)

    def kill_master(self):
        """SIGKILL, and wait until its replica has its slots. Returns the dead one."""
        old = self.master()
        old.kill()
        until("a replica takes the slot", self.find_master)
        return old

    def revive(self, node):
        node.start()
        until("the cluster is whole again", self.whole)


class Sentinels(Topology):
    """One master, two replicas, three sentinels with a password of their own."""

    def __init__(self, folder, tls=None):
        self.folder = folder
        self.tls = tls
        self.ports = [port() for _ in range(3)]
        super().__init__("sentinel" if tls is None else "sentinel+tls", f"{','.join(f'{HOST}:{p}' for p in self.ports)}/{MASTER}")
        self.nodes = [Node(os.path.join(folder, f"node{i}"), "--replica-announce-ip", HOST, rights=["+role", "+info"],
                           tls=tls)
                      for i in range(3)]

    def start(self):
        self.nodes[0].start()
        for node in self.nodes[1:]:
            self.follow(node, self.nodes[0])
        until("the replicas follow", lambda: self.nodes[0].in_sync(2))
        for place in self.ports:
            self.start_sentinel(place)
        until("each sentinel answers", lambda: all(self.ask(p, "MASTERS") for p in self.ports))
        for place in self.ports:
            # They look and tell every few seconds, where they can be told otherwise (Redis 7).
            self.ask(place, "DEBUG", "INFO-PERIOD", "300", "PUBLISH-PERIOD", "300", "PING-PERIOD", "300")
        until("the sentinels agree", lambda: self.agreed(self.nodes[0]))
        return self

    def follow(self, node, master):
        """Starts a node as a replica."""
        base = node.options
        node.options = (*base, "--replicaof", f"{HOST} {master.port}")
        node.start()
        node.options = base

    def start_sentinel(self, place):
        folder = os.path.join(self.folder, f"sentinel{place}")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "sentinel.conf")
        with open(path, "w", encoding="utf-8") as file:
            words = [word.removeprefix("--") for word in listen(place, self.tls)]
            file.writelines(f"{name} {value}\n" for name, value in zip(words[::2], words[1::2]) if name != "tls-cluster")
            file.write(f'bind {HOST}\nprotected-mode no\ndir {folder}\nrequirepass "{SENTINEL_PASSWORD}"\n'
                       f'user {WATCHER} on ">{WATCHER_PASSWORD}" resetchannels {WATCHER_RIGHTS}\n'
                       f'sentinel sentinel-pass "{SENTINEL_PASSWORD}"\nsentinel announce-ip {HOST}\n'
                       f"sentinel monitor {MASTER} {HOST} {self.nodes[0].port} 2\n"
                       f"sentinel down-after-milliseconds {MASTER} 1500\nsentinel failover-timeout {MASTER} 2000\n")
        with open(os.path.join(folder, "log"), "ab") as log:
            self.others.append(subprocess.Popen([shutil.which("redis-server"), path, "--sentinel"], cwd=folder,
                                                stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def ask(self, place, *words):
        client = redis.Redis(HOST, place, password=SENTINEL_PASSWORD, socket_timeout=PATIENCE, decode_responses=True,
                             ssl=self.tls is not None, ssl_ca_certs=self.tls and self.tls[2])
        try:
            return client.execute_command("SENTINEL", *words)
        except (redis.ConnectionError, redis.ResponseError):
            return None
        finally:
            client.close()

    def hide(self, node):
        """No sentinel can speak to the node any more; whoever else is connected can."""
        node.asker.acl_setuser("default", enabled=False)
        for row in node.asker.client_list():
            # One that has just come has no name yet.
            if row["user"] == "default" and row["name"] != OURS:
                node.asker.client_kill_filter(_id=row["id"])

    def agreed(self, master):
        """Do all see it as the master, with two replicas and two other sentinels, and nothing going on?"""
        def rows(place, *words):
            return [dict(zip(row[::2], row[1::2])) for row in self.ask(place, *words) or []]

        def content(place):
            masters = rows(place, "MASTERS")
            replicas = rows(place, "REPLICAS", MASTER)
            return ([int(m["port"]) for m in masters] == [master.port] and masters[0]["flags"] == "master"
                    and [r["flags"] for r in replicas] == ["slave"] * 2
                    and all(int(r["master-port"]) == master.port and r["master-link-status"] == "ok" for r in replicas)
                    and len(rows(place, "SENTINELS", MASTER)) == 2)
        return all(content(place) for place in self.ports)

    def named(self):
        """The node that most sentinels call the master, or None."""
        ports = [int(answer[1]) for p in self.ports if (answer := self.ask(p, "GET-MASTER-ADDR-BY-NAME", MASTER))]
        for node in self.nodes:
            if ports.count(node.port) >= 2:
                return node
        return None

    def find_master(self):
        node = self.named()
        return node if node is not None and node.alive() and node.role() == "master" else None

    def hand_over(self):
        """A replica takes the place of a master that lives on as a replica. Returns the old one."""
        old = self.master()
        until("a sentinel begins a failover", lambda: self.ask(self.ports[0], "FAILOVER", MASTER))
        until("another node is the master", lambda: (node := self.find_master()) is not None and node is not old)
        return old

    def kill_master(self):
        """SIGKILL, and wait until another one is the master. Returns the dead one."""
        old = self.master()
        old.kill()
        until("another node is the master", lambda: (node := self.find_master()) is not None and node is not old)
        return old

    def revive(self, node):
        """The node that was killed comes back as a replica."""
        master = self.master()
        self.follow(node, master)
        # Less than that, and what is killed next may not be what they call the master in the end.
        until("both replicas follow, and the sentinels agree", lambda: master.in_sync(2) and self.agreed(master))
