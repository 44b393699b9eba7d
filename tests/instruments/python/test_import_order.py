"""Executors and pools are hooked whenever the application imports them: most come late."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROGRAM = """
import importlib, json, sys
from fairlead.instruments.hooking import hook_all
from fairlead.instruments.importing import ImportWatch
from tests.instruments.plane import Plane

names = json.loads(sys.argv[1])
late = [name for name in names if name not in sys.modules]
hooks, states = hook_all(Plane(), {})
ImportWatch(hooks).install()
for name in names:
    importlib.import_module(name)
from fairlead.instruments.libs.python import HOOKS
from concurrent.futures import Future
hooked = {
    "concurrent.futures.thread": ("ThreadPoolExecutor", "submit"),
    "concurrent.futures.process": ("ProcessPoolExecutor", "submit"),
    "multiprocessing.pool": ("ThreadPool", "apply_async"),
}
print(json.dumps({
    name: [name in late, hasattr(getattr(getattr(sys.modules[name], cls), method), "__fairlead__")]
    for name, (cls, method) in hooked.items() if name in names
}))
"""


@pytest.mark.parametrize(
    "name", ["concurrent.futures.thread", "concurrent.futures.process", "multiprocessing.pool"]
)
def test_a_module_that_is_imported_after_the_hooks_is_hooked_too(name: str) -> None:
    """An executor that is not would put a gray request's work on base, and say nothing."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps([name])],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert json.loads(done.stdout) == {name: [True, True]}, done.stderr
