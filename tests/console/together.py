"""The demo that has the shop and the services of full-link gray in one topology, running."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.architecture.tree import ROOT
from tests.faults.servers import Process, plain_environment, until

DEMO = ROOT / "examples" / "03-one-topology" / "topology_demo.py"
PATIENCE = 150.0
_STARTED = re.compile(r"Still running.*\n +(http://[\d.:]+)/", re.MULTILINE)


@contextmanager
def together(work: Path) -> Iterator[str]:
    """Give the URL of its control plane once its graph is as it has to be."""
    words = [sys.executable, str(DEMO), "--keep", "--work", str(work / "demo")]
    process = Process(words, work / "demo.log", plain_environment(PYTHONUNBUFFERED="1"))
    try:
        until(
            lambda: _STARTED.search(process.text()) or process.popen.poll() is not None,
            "the demo runs",
            PATIENCE,
        )
        found = _STARTED.search(process.text())
        assert found, process.text()
        yield found[1]
        process.popen.terminate()
        assert process.popen.wait(60) == 0, process.text()
    finally:
        process.kill()
