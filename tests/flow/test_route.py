"""For a lane with shadows, only endpoints that are fit for them; everybody else as ever."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.flow.call import Call, Unreachable
from fairlead.flow.engine import Engine
from fairlead.flow.route import Routes
from fairlead.policy.database import Database, ShadowDatabase, ShadowTable
from fairlead.policy.endpoint import Endpoint, Service
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload

TABLES, DATABASES = ("gray",), ("blue",)


def unfit(address: str, lane: str = "", *, tables: str = "", databases: str = "") -> Endpoint:
    return Endpoint(
        address=address,
        lane=lane,
        unfit_for_shadow_tables=tables or None,
        unfit_for_shadow_databases=databases or None,
    )


def snapshot(*endpoints: Endpoint, **lanes: Any) -> Snapshot:
    """Return what app `a` knows: gray has shadow tables, blue a shadow database."""
    lanes = lanes or {"shadow_table_lanes": TABLES, "shadow_database_lanes": DATABASES}
    service = Service(namespace="default", app="b", endpoints=endpoints, **lanes)
    return Snapshot(workload=Workload(app="a"), services=(service,))


def served(routes: Routes, lane: str, times: int = 6) -> set[str]:
    """Return every address that a call on `lane` may be sent to, in whatever turn."""
    found = [routes.candidates(Call("b", "GET", lane)) for _ in range(times)]
    return {endpoint.address for candidates in found for endpoint in candidates}


MIXED = (
    unfit("base-fit"),
    unfit("base-tables", tables="T"),
    unfit("base-both", tables="T", databases="D"),
    unfit("gray-fit", "gray"),
    unfit("gray-databases", "gray", databases="D"),
    unfit("gray-tables", "gray", tables="T"),
    unfit("blue-tables", "blue", tables="T"),
    unfit("blue-databases", "blue", databases="D"),
)


def test_a_lane_is_served_by_those_who_are_fit_for_its_sort_of_shadow() -> None:
    """Contract 12: what is fit for one sort may write the other's rows to base."""
    routes = Routes(snapshot(*MIXED))
    assert served(routes, "gray") == {"gray-fit", "gray-databases", "base-fit"}
    assert served(routes, "blue") == {"blue-tables", "base-fit", "base-tables"}


def test_base_and_lanes_without_shadows_go_where_they_always_went() -> None:
    """Nobody is turned away who has no shadow to miss."""
    routes = Routes(snapshot(*MIXED))
    base = {"base-fit", "base-tables", "base-both"}
    assert served(routes, "") == base
    assert served(routes, "green") == base
    plain = Routes(snapshot(*MIXED, shadow_table_lanes=()))
    assert served(plain, "gray") == base | {"gray-fit", "gray-databases", "gray-tables"}


def test_a_lane_whose_own_instances_are_unfit_is_served_by_fit_ones_of_base() -> None:
    """They keep to its shadows; its own would not."""
    routes = Routes(snapshot(unfit("b1"), unfit("g1", "gray", tables="T")))
    assert served(routes, "gray") == {"b1"}


def test_a_lane_without_instances_is_not_sent_to_an_unfit_base() -> None:
    """Base serves most hops of most lanes: that is where a row would be lost."""
    routes = Routes(snapshot(unfit("b1", tables="T"), unfit("b2")))
    assert served(routes, "gray") == {"b2"}
    assert served(routes, "") == {"b1", "b2"}


def test_fit_instances_take_turns_as_ever() -> None:
    """Leaving somebody out must not send everything to one of the others."""
    routes = Routes(
        snapshot(unfit("g1", "gray"), unfit("gx", "gray", tables="T"), unfit("g2", "gray"))
    )
    first = [routes.candidates(Call("b", "GET", "gray"))[0].address for _ in range(4)]
    assert first == ["g1", "g2", "g1", "g2"]


@pytest.mark.parametrize("lane", ["gray", "blue"])
def test_a_call_that_nobody_is_fit_for_ends_in_an_error_that_says_who_and_why(lane: str) -> None:
    """Never a silent write to base; and the operator must not have to search."""
    made = Engine(clock=lambda: 0.0, dice=lambda: 0.0)
    made.apply(snapshot(unfit("127.0.0.1:1", tables="no rewriter", databases="off")))
    with pytest.raises(StopIteration) as ended:
        next(made.plan.outbound(Call("b", "GET", lane)))
    error = ended.value.value.error
    assert isinstance(error, Unreachable)
    why = {"gray": "no rewriter", "blue": "off"}[lane]
    assert error.unfit == (("127.0.0.1:1", why),)
    assert str(error) == (
        f"fairlead: no endpoint of app 'b' for lane '{lane}' is fit for its shadows: "
        f"127.0.0.1:1 ({why})"
    )


def test_an_error_names_a_few_of_many() -> None:
    """It ends in a log line of the caller."""
    error = Unreachable("b", "gray", tuple((f"h:{n}", "why") for n in range(50)))
    assert str(error).endswith("h:0 (why), h:1 (why), h:2 (why) and 47 more")


def test_an_app_without_any_endpoint_is_said_to_have_none() -> None:
    """There is nobody to be unfit."""
    routes = Routes(snapshot())
    assert routes.candidates(Call("b", "GET", "gray")) == []
    assert routes.unfit(Call("b", "GET", "gray")) == ()
    assert routes.unfit(Call("unknown", "GET", "gray")) == ()


def test_shadows_of_the_caller_do_not_decide_where_it_may_call() -> None:
    """What the callee writes is ruled by its own namespace: of the caller's rules it knows none."""
    table = ShadowTable(rule="r", lane="gray", database="d", table="t", shadow="t_gray")
    database = ShadowDatabase(
        rule="r", lane="gray", source=Database(name="e"), shadow=Database(name="e_gray")
    )
    service = Service(namespace="other", app="b", endpoints=(unfit("b1", tables="T"),))
    routes = Routes(
        Snapshot(
            workload=Workload(app="a"),
            services=(service,),
            shadow_tables=(table,),
            shadow_databases=(database,),
        )
    )
    found = routes.candidates(Call("b.other", "GET", "gray"))
    assert [endpoint.address for endpoint in found] == ["b1"]


@pytest.mark.parametrize(
    ("protocols", "has"),
    [((), True), ((None,), True), (("grpc",), True), (("http", "grpc"), True), (("http",), False)],
)
def test_an_app_whose_address_speaks_http_has_none_of_grpc(
    protocols: tuple[str | None, ...], has: bool
) -> None:
    """Its gRPC, if it has any, is at another port, which nobody has told of."""
    endpoints = [Endpoint(address=f"b:{port}", protocol=one) for port, one in enumerate(protocols)]
    routes = Routes(snapshot(*endpoints))
    assert routes.has_grpc("b") is has
    assert not routes.has_grpc("nobody")
