"""A control plane is restarted, and agents say again what it did not answer."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from fairlead.protocols.watch.report import Report
from tests.control.serving import serving

from .reports import interface
from .test_endpoints import Shop


@pytest.mark.parametrize("sort", ["rides", "alone"])
def test_a_report_whose_answer_was_lost_counts_once(tmp_path: Path, sort: str) -> None:
    """Its answer went down with the control plane that had counted it."""
    rows = (interface(passed=600),)
    told: Report | None = None
    counts = {}
    for life in ("first", "second"):
        with serving(tmp_path / "data") as server, server.client() as http:
            shop = Shop(http, "shop")
            told = told or shop.report("orders", 7001, seconds=60.0, interfaces=rows)
            if sort == "rides":
                assert shop.register("orders", 7001, told)["reported"] == told.seq
            else:
                assert shop.post(told) == {"reported": told.seq}
            page = http.get("/metrics").text
            for outcome in ("taken", "repeated"):
                line = f'fairlead_control_reports_total{{outcome="{outcome}"}} '
                counts[life, outcome] = float(page.partition(line)[2].partition("\n")[0])
            assert server.stop(signal.SIGTERM) == 0
    assert (counts["first", "taken"], counts["first", "repeated"]) == (1, 0)
    assert (counts["second", "taken"], counts["second", "repeated"]) == (0, 1)
