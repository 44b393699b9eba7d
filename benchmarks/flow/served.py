"""CPU that lane and five rules add to a request, in a FastAPI application called in process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.flow.ours import rules
from benchmarks.inbound import LABELLED, VISITOR, figure
from benchmarks.measure import Figure
from benchmarks.plane import snapshot

TARGETS = {"compiled": 3.0, "pure": 5.0}


def run(form: str) -> Iterator[Figure]:
    """Measure a hop on whose lane every second request is, with five rules on its route."""
    policy = replace(snapshot("cart"), flow=rules("GET:/a", 5))
    name = f"fastapi_inbound_{form}_us"
    yield figure(name, policy, (LABELLED, VISITOR), target=TARGETS[form], pure=form == "pure")
