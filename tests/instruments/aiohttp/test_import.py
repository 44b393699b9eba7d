"""The client is hooked by an application's own import of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
from aiohttp import ClientSession, TCPConnector
for hooked in (ClientSession._request, TCPConnector.connect):
    print(hooked.__code__.co_filename.rpartition("/")[2])
"""


def test_an_import_of_the_package_hooks_all_of_it(tmp_path: Path):
    """Its modules import each other: what is hooked has to be there when the hook runs."""
    run = [str(Path(sys.executable).parent / "fairlead"), "run", "--", sys.executable, "-c"]
    settings = {"FAIRLEAD_APP": "a", "FAIRLEAD_CONTROL": "http://127.0.0.1:1"}
    env = {**os.environ, **settings, "FAIRLEAD_STATE": str(tmp_path)}

    done = subprocess.run(
        [*run, PROGRAM], env=env, capture_output=True, text=True, timeout=50, check=True
    )

    # Whole requests as well: a first call must not escape the rules that its snapshot brings.
    assert done.stdout.split() == ["aiohttp_calls.py", "aiohttp.py"], done.stderr
