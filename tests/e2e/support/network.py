"""Places on the loopback where nobody else listens."""
import itertools
import os

# All of 127/8 is this machine. An address made of the process id is one that no other test uses at the same time.
HOST = "127.{}.{}.{}".format(*(64 + (os.getpid() >> 16) % 128).to_bytes(1, "big"), (os.getpid() >> 8) % 256, os.getpid() % 256)

# Each port is given once. A node of a cluster takes the one 10,000 above it too.
_ports = itertools.count(20000)


def port():
    return next(_ports)
