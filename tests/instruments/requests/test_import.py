"""requests and urllib3 are hooked while the application imports them."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
from importlib import import_module
from fairlead.instruments.catalog import CATALOG
from fairlead.instruments.importing import ImportWatch
from fairlead.instruments.patch import Patches
from tests.instruments.plane import Plane

hooked = []

def hook(name):
    def install(module):
        import_module(f"fairlead.instruments.libs.{name}").install(Plane(), Patches())
        hooked.append(name)
    return install

ours = {"requests", "urllib3"}
ImportWatch({module: hook(name) for module, name in CATALOG if name in ours}).install()
import requests
print(*hooked)
"""


def test_both_are_whole_enough_when_they_are_hooked() -> None:
    """The catalogue names a module of each at whose end all that is hooked is there."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.split() == ["urllib3", "requests"], done.stderr
