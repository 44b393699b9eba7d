"""F44: the link to a zone goes down: callers go on in their own, nothing is written twice over."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.faults.replicas import UVICORN, mesh
from tests.faults.servers import BIN, plain_environment, until, wire_to
from tests.faults.zones import HERE, THERE, why_not, zone

CALLERS = 6
"""Calls that are under way at one time."""
IN_A_ROW = 3
"""Failures that leave an instance out."""

RULES: tuple[dict[str, Any], ...] = (
    {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "target"},
        "spec": {
            "hosts": ["target"],
            "http": [
                {
                    "timeout": "3s",
                    "retries": {"attempts": 2, "perTryTimeout": "500ms", "retryOn": "reset"},
                    "route": [{"destination": {"host": "target"}}],
                }
            ],
        },
    },
    {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "target"},
        "spec": {
            "host": "target",
            "trafficPolicy": {
                # Both zones are called, so that one of them can be missed.
                "loadBalancer": {"localityLbSetting": {"enabled": False}},
                "connectionPool": {"tcp": {"connectTimeout": "200ms"}},
                "outlierDetection": {
                    "consecutive5xxErrors": 0,
                    "splitExternalLocalOriginErrors": True,
                    "consecutiveLocalOriginFailures": IN_A_ROW,
                    "baseEjectionTime": "2s",
                    "interval": "500ms",
                    "maxEjectionPercent": 50,
                },
            },
        },
    },
)


@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_f44_callers_go_on_without_the_zone_and_use_it_again(tmp_path: Path) -> None:
    """Nothing is refused where a link is down: what is sent there is waited for in vain."""
    with zone() as there, mesh(tmp_path, lease=4.0, renew=1.0) as it:
        for rule in RULES:
            it.control.apply(rule)
        near = it.replica(UVICORN)
        with wire_to(it.control, HERE) as wire, there.wire(wire.port) as url:
            it.wrap = there.inside
            words = (*UVICORN, "--host", THERE)
            far = it.replica(words, FAIRLEAD_ZONE="there", FAIRLEAD_CONTROL=url)
            assert far.address.startswith(THERE)
            caller = it.caller()
            assert caller.until_served(it.pids(near), it.pids(far)) == []
            before = it.pids(far)

            there.part()
            lost = caller.until_only(it.pids(near), least=100)

            # What can be done again was, here; what was sent there and may have been done is lost
            # until the instance is left out, and so is a call that tries it after its time.
            assert [call for call in lost if not call.startswith("POST")] == []
            assert len(lost) <= 2 * CALLERS + IN_A_ROW
            until(lambda: list(it.instances()) == [near.address], "its lease has ended")
            # One that tried it a moment before that is answered by nobody, either.
            late = caller.until_only(it.pids(near), least=100)
            assert [call for call in late if not call.startswith("POST")] == []
            assert len(late) <= CALLERS
            assert caller.until_only(it.pids(near), least=100) == []
            _no_rule_is_written_from(there, url, tmp_path)

            there.mend()
            until(lambda: far.address in it.instances(), "it has registered again")
            assert caller.until_served(it.pids(near), it.pids(far)) == []
            assert it.pids(far) == before


def _no_rule_is_written_from(there: Any, url: str, work: Path) -> None:
    """One control plane takes writes: who cannot reach it is told so, and changes nothing."""
    there_only = work / "rule.yaml"
    there_only.write_text(
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
        "metadata: {name: theirs}\nspec: {host: target}\n"
    )
    said = subprocess.run(
        there.inside([str(BIN / "fairlead"), "apply", "-f", str(there_only)]),
        env=plain_environment(FAIRLEAD_CONTROL=url, HOME=str(work)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert said.returncode != 0
    assert url in said.stderr
