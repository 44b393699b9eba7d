"""Every data plane decides what the cases say, of the same policies from the same control plane."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conformance.routing.corpus import Case
from tests.conformance.routing.outcome import differences
from tests.conformance.routing.peers.corpus import FEATURES, GRPC, HTTP, Policies, of, policies
from tests.conformance.routing.peers.plane import Plane
from tests.conformance.routing.peers.runners import Runner, missing
from tests.conformance.routing.runners import declared
from tests.conformance.routing.trying import holds, honoured

KNOWN = declared(FEATURES)
Asking = Callable[[str], Runner]

PLANES = {
    "envoy": ("envoy", policies()),
    "python": ("python", of(GRPC)),
    "node": ("node", of(GRPC)),
    "go": ("go", of(GRPC)),
    "java": ("java", of(GRPC)),
    "agent grpc": ("agent", of(GRPC)),
    "agent httpx": ("agent", of(HTTP)),
    "agent requests": ("agent", of(HTTP)),
    "agent aiohttp": ("agent", of(HTTP)),
    "built net-http": ("go agent", of(HTTP)),
    "built grpc-go": ("go agent", of(GRPC)),
}
"""The data planes, each with its name in features.yaml and the groups that it can be asked."""


def cases() -> list[object]:
    """Return what has to hold, of each data plane."""
    return [
        pytest.param(name, *one.values, id=f"{name}-{one.id}", marks=[*one.marks, *_time(name)])
        for name, (runner, groups) in PLANES.items()
        if runner in KNOWN
        for one in honoured(runner, groups, KNOWN)
    ]


def _time(name: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.timeout(900)] if name.startswith("built ") else []  # the first one builds


@pytest.mark.parametrize(("name", "group", "case"), cases())
def test_a_data_plane_does_what_a_case_says(asking: Asking, name: str, group: Policies, case: Case):
    if reason := missing(name):
        pytest.skip(reason)
    assert differences(case, asking(name).ask(group, case)) == []


@pytest.mark.parametrize(
    ("name", "feature"),
    [
        (name, feature)
        for name, (runner, groups) in PLANES.items()
        if runner in KNOWN
        for feature in KNOWN[runner].lacks
        if any(feature in group.needs for group in groups)
    ],
)
def test_what_is_declared_missing_is_missing(asking: Asking, name: str, feature: str):
    if reason := missing(name):
        pytest.skip(reason)
    assert not holds(asking(name).ask, feature, PLANES[name][1])


def test_nobody_refuses_anything(plane: Plane, asking: Asking):
    """Whatever the policies of the corpus: last, so that all of them have asked for everything."""
    del asking
    assert plane.refused() == []
