"""Connector/Python over its C extension, where that loads before Python's ssl or not at all.

From 26.7 on it brings an OpenSSL of its own, and does not load into a process that has loaded an
older one: a test runner has.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import mysql.connector
import pytest

FIRST = "import _mysql_connector, sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"


@pytest.mark.timeout(600)
@pytest.mark.skipif(mysql.connector.HAVE_CEXT, reason="it is tried here")
def test_the_c_extension_is_tried_in_a_process_of_its_own() -> None:
    """Most applications use it: it is the default."""
    folder = Path(__file__).parent
    command = [sys.executable, "-c", FIRST, "-p", "no:cacheprovider", "-q", "-k", "compiled"]
    done = subprocess.run(
        [*command, "--ignore", __file__, str(folder)],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder.parents[2],
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert "skipped" not in done.stdout
