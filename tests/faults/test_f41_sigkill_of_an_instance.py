"""F41: SIGKILL of an instance under load: callers go elsewhere; what is lost is known."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.faults.replicas import GUNICORN, UVICORN, mesh, some
from tests.faults.servers import until

CALLERS = 6
"""Calls that are under way at one time, and could be lost at most."""

SERVERS = {
    "uvicorn": UVICORN,
    "gunicorn-threads": (*GUNICORN, "--threads", "4", "target_wsgi:app"),
}


@pytest.mark.parametrize("name", some(SERVERS, "uvicorn"))
def test_f41_callers_go_elsewhere_and_lose_what_cannot_be_repeated(
    name: str, tmp_path: Path
) -> None:
    """A host that dies says nothing: for a lease's time the dead instance is in every list."""
    with mesh(tmp_path, lease=2.0, renew=0.5) as it:
        stays, goes = it.replica(UVICORN), it.replica(SERVERS[name])
        caller = it.caller()
        caller.until_served(it.pids(stays), it.pids(goes))

        goes.process.kill()
        lost = caller.until_only(it.pids(stays))

        # A GET is repeated, here or elsewhere; a POST may have been done.
        assert [call for call in lost if not call.startswith("POST")] == []
        assert len(lost) <= CALLERS
        assert goes.process.popen.returncode == -signal.SIGKILL
        until(lambda: list(it.instances()) == [stays.address], "its lease has ended")
        assert caller.until_only(it.pids(stays)) == []
