"""Dashboards are made of one description, and stand in the repository as Grafana reads them."""

from __future__ import annotations

from deploy.observability.dashboards import DASHBOARDS, FOLDER, plain, texts


def test_dashboards_are_as_described():
    """Who changes a query writes the files anew: python deploy/observability/dashboards.py."""
    found = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")}

    assert found == texts()


def test_panels_fill_the_grid_and_overlap_nowhere():
    """Grafana moves panels that overlap to where nobody wanted them."""
    for dashboard in map(plain, DASHBOARDS):
        taken: set[tuple[int, int]] = set()
        for panel in dashboard["panels"]:
            at = panel["gridPos"]
            cells = {
                (x, y)
                for x in range(at["x"], at["x"] + at["w"])
                for y in range(at["y"], at["y"] + at["h"])
            }
            assert at["x"] + at["w"] <= 24
            assert not cells & taken
            taken |= cells
