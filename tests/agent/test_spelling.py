"""A setting that nobody reads is told of: the instance is not what somebody takes it for."""

from __future__ import annotations

import pytest

from fairlead.agent.spelling import doubts, suspicious
from tests.agent.program import STAY


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FAIRLEAD_LANES", "gray", "FAIRLEAD_LANES is no setting, and nobody reads it"),
        ("FAIRLEAD_LANES", "gray", "; did you mean FAIRLEAD_LANE?"),
        ("FAIRLEAD_APPNAME", "a", "did you mean FAIRLEAD_APP?"),
        ("FAIRLEAD_QQQ", "a", "FAIRLEAD_QQQ is no setting, and nobody reads it"),
        ("FAIRLEAD_SHADOW", "of", "lets only a table of that name be rewritten; did you mean off?"),
        ("FAIRLEAD_DISABLE", "httpx,request", "names 'request', which is no library that is"),
        ("FAIRLEAD_DISABLE", "httpx,request", "; did you mean requests?"),
    ],
)  # fmt: skip
def test_a_doubtful_setting_is_told_of_with_the_nearest_right_one(name, value, said):
    """FAIRLEAD_LANES=gray makes a base instance, and nobody notices."""
    assert suspicious({name: value})
    (doubt,) = doubts({name: value})
    assert said in doubt


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FAIRLEAD_LANE", "gray"),
        ("FAIRLEAD_LANES", ""),
        ("FAIRLEAD_SHADOW", "orders,items"),
        ("FAIRLEAD_SHADOW", "OFF"),
        ("FAIRLEAD_SHADOW", "users"),
        ("FAIRLEAD_DISABLE", "HTTPX, django"),
        ("FAIRLEAD_SERVICE_HOST", "10.0.0.1"),
        ("FAIRLEAD_CONTROL_SERVICE_PORT_HTTP", "80"),
        ("FAIRLEAD_PORT_8580_TCP_ADDR", "10.0.0.1"),
        ("OTHER_LANES", "gray"),
    ],
)
def test_what_is_meant_as_it_stands_is_not_doubted(name, value):
    """A warning that is wrong once is not read again; Kubernetes sets variables of its own."""
    assert list(doubts({name: value})) == []


def test_a_program_says_so_once_when_it_starts(launch, wire):
    """Contract 20: one line, and not one for each of its children."""
    code = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import httpx'])\n"
    program = launch(f"{code}print('up', flush=True)\n{STAY}", FAIRLEAD_LANES="gray")
    program.line()
    program.end()

    assert program.errors == (
        "fairlead: FAIRLEAD_LANES is no setting, and nobody reads it; did you mean FAIRLEAD_LANE?\n"
    )
