"""An app that is called is told who calls, by every client library and whatever was passed on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from fairlead.policy.endpoint import Endpoint, Service
from tests.instruments.backend import Backend, backend
from tests.instruments.callers import CALLERS, Caller
from tests.instruments.plane import Plane, hooked, inner


@pytest.fixture
def base() -> Iterator[Backend]:
    with backend("b") as one:
        yield one


@pytest.fixture(params=CALLERS, ids=str)
def caller(request: pytest.FixtureRequest, base: Backend) -> Iterator[Caller]:
    there = Service(namespace="far", app="c", endpoints=(Endpoint(address=base.address),))
    known = inner({"b": {base.address: ""}}, app="shop")
    with hooked(Plane(replace(known, services=(*known.services, there))), *request.param.hooks):
        yield request.param


def test_an_app_is_told_who_calls(caller: Caller, base: Backend) -> None:
    """Rules for one caller could not tell it from the others."""
    assert caller.get("http://b/").text == "b"
    assert base.last.header("fairlead-caller") == "shop"


def test_an_app_of_another_namespace_is_told_whose_caller_it_is(
    caller: Caller, base: Backend
) -> None:
    """Two namespaces may each have an app of that name."""
    caller.get("http://c.far/")
    assert base.last.header("fairlead-caller") == "shop.default"


def test_a_caller_whose_headers_are_passed_on_does_not_call_in_our_place(
    caller: Caller, base: Backend
) -> None:
    """A gateway copies what it was sent: the last hop would be judged by the first one's name."""
    caller.get("http://b/", headers={"Fairlead-Caller": "somebody"})
    assert base.last.header("fairlead-caller") == "shop"


def test_an_unknown_host_is_not_told_who_calls(caller: Caller, base: Backend) -> None:
    """Names of apps stay in the mesh, also where an app redirects out of it."""
    caller.get(f"http://{base.address}/")
    assert base.last.header("fairlead-caller") is None
    caller.get(f"http://b/redirect?to=http://{base.address}/")
    assert [seen.header("fairlead-caller") for seen in base.seen[-2:]] == ["shop", None]
