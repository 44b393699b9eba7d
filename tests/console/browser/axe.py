"""What axe finds on a page."""

from __future__ import annotations

from typing import Any

from tests.console.dist import SOURCES

AXE = SOURCES / "node_modules" / "axe-core" / "axe.min.js"


def findings(page: Any) -> list[str]:
    """What axe takes for a serious obstacle."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{one['id']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
