"""What a test may do to the machine without anybody noticing."""
import os
import shutil

import pytest


def unprivileged():
    """A command that runs a program for which the modes of files count, also when we are root."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("root may read every file, and there is no setpriv(1) to give that up")
    return [setpriv, "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
