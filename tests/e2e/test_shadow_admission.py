"""A lane with shadows passes by whoever would write its rows to base."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import instances as run
import pytest
from fleet import POLICIES, Fleet
from processes import Instance

from tests.control.fleet import until

HERE = Path(__file__).parent
CALLER = Instance(
    app="a", command=("uvicorn", "asgi_a:app", "--app-dir", str(HERE / "apps"), "--port", "0")
)
UNFIT = replace(run.C, mark="FAIRLEAD_SHADOW=off")
UNREACHABLE = (
    r"fairlead: no endpoint of app 'c' for lane 'gray' is fit for its shadows: "
    r"127\.0\.0\.1:\d+ \((?P<why>.+)\)"
)
GRAY = {"location": "cn-shenzhen"}


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The two examples of the article: one colours, the other gives the lane a shadow table."""
    colours = (POLICIES / "traffic-label-rule.yaml").read_text()
    shadows = (HERE.parent / "kinds" / "data" / "workload-label-rule.yaml").read_text()
    path = tmp_path / "rules.yaml"
    path.write_text(f"{colours}\n---\n{shadows}")
    return path


def test_an_instance_whose_shadows_are_off_gets_no_gray_request_and_its_caller_says_why(
    tmp_path: Path, rules: Path
) -> None:
    """S1-18: off is never silent, base goes on, and a fit instance of the lane takes over."""
    with Fleet(tmp_path) as fleet:
        fleet.apply(str(rules))
        fleet.start((run.ENTRY, CALLER, UNFIT))
        fleet.settle()
        assert asked(fleet).endswith("→C")
        assert asked(fleet, GRAY) == "500"
        said = until(lambda: re.search(UNREACHABLE, (tmp_path / "logs" / "a-base.log").read_text()))
        assert said["why"] == "FAIRLEAD_SHADOW=off"

        fleet.start((run.C_GRAY,))
        fleet.settle()
        assert asked(fleet, GRAY).endswith("→Cgray")
        assert asked(fleet).endswith("→C")


def asked(fleet: Fleet, headers: dict[str, str] | None = None) -> str:
    """Return what the entry answers, or the status of a failure."""
    request = urllib.request.Request(f"http://{fleet.address(run.ENTRY)}/a", headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            text: str = response.read().decode()
    except urllib.error.HTTPError as error:
        return str(error.code)
    return text
