"""What the demo shows, in order: the rules, the instances, the requests and the right answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import instances as run
from load import BASE, GRAY, Request
from processes import Instance
from rows import SHADOW_DATABASE, SHADOW_TABLE, Place

AROUND_B, AROUND_C = "Agray→B→Cgray", "Agray→Bgray→C"
BLUE, GREEN = "A→Bblue→C", "Agreen→B→Cgreen"

SHENZHEN = ("location", "cn-shenzhen")
HANGZHOU = ("location", "cn-hangzhou")
VIP, OTHER = ("x-user-uuid", "123456789"), ("x-user-uuid", "987654321")

COLOURS, SHADOWS = "traffic-label-rule.yaml", "workload-label-rule.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """`full` requests, each made from its number and their count; `idle` hops must not appear."""

    full: int
    request: Callable[[int, int], Request]
    idle: tuple[str, ...] = ()
    stopped: tuple[Instance, ...] = ()
    """Instances of the scenario that are down meanwhile."""
    away: tuple[Place, ...] = ()
    """Tables that are not there meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One claim, and what shows it."""

    id: str
    says: str
    policy: tuple[str, ...]
    """The files of its rules; no other rules are in force."""
    beside_base: tuple[Instance, ...]
    """The instances that run beside those of base; all others are stopped."""
    example: Request
    rounds: tuple[Round, ...]
    swapped: bool = False
    """Whether C's instances have each other's drivers."""


def _request(expect: str, *headers: tuple[str, str], query: str = "") -> Request:
    return Request(expect=(expect,), headers=headers, query=query)


def _shadowed(row: Place, expect: str = GRAY) -> Request:
    """A gray request where rules say that its row belongs to `row`."""
    return replace(_request(expect, SHENZHEN), row=row)


def _cycle(*requests: Request) -> Callable[[int, int], Request]:
    return lambda number, count: requests[number % len(requests)]


def _canary(number: int, count: int) -> Request:
    # Everybody comes twice, the second time half a scenario later.
    user = f"user-{number % max(1, count // 2)}"
    return Request(expect=(BASE, GRAY), headers=(("x-user-id", user),), group=user)


def _spoof(*headers: tuple[str, str]) -> tuple[Request, Request]:
    """The same forged labels without and with what the rule asks for."""
    return _request(BASE, *headers), _request(GRAY, *headers, SHENZHEN)


_FORGED = (
    *_spoof(("baggage", "x-opensergo-traffic=gray")),
    *_spoof(("x-opensergo-traffic", "gray")),
    *_spoof(("OpenSergo-Label", "gray")),
    *_spoof(("baggage", "userId=alice,OpenSergo-Label=gray;ttl=1,isProduction=false")),
    *_spoof(("baggage", "X-OpenSergo-Traffic = gr%61y"), ("OpenSergoLabel", "gray")),
    *_spoof(("baggage", "userId=alice"), ("Baggage", "x-opensergo-traffic=gray")),
    *_spoof(("x-opensergo-traffic", "blue"), ("baggage", "x-opensergo-traffic=blue")),
)

# Gray alone has a shadow table: the rows of blue and green are among those of base.
_GROUP = (
    _request(BASE),
    _request(BASE, HANGZHOU),
    _shadowed(SHADOW_TABLE),
    _request(BLUE, ("x-tenant", "acme")),
    _request(GREEN, ("x-tenant", "globex")),
    # Of two lanes the lower name, of a lane and a label rule the lane.
    _request(BLUE, SHENZHEN, ("x-tenant", "acme")),
    replace(_request(GRAY, SHENZHEN, ("x-tenant", "globex")), row=SHADOW_TABLE),
    _request(BASE, ("x-tenant", "initech")),
)

NO_GRAY_B = Scenario(
    id="no-gray-b",
    says="A and C have gray, B has none: base B serves, and behind it the request is gray again",
    policy=(COLOURS,),
    beside_base=(run.A_GRAY, run.C_GRAY),
    example=_request(AROUND_B, SHENZHEN),
    rounds=(Round(full=1000, request=_cycle(_request(AROUND_B, SHENZHEN), _request(BASE))),),
)
HEADER_GRAY = Scenario(
    id="header-gray",
    says="B's gray is there: gray all the way, and base for everybody else",
    policy=(COLOURS,),
    beside_base=run.GRAY,
    example=_request(GRAY, SHENZHEN),
    rounds=(
        Round(
            full=1000,
            request=_cycle(_request(GRAY, SHENZHEN), _request(BASE), _request(BASE, HANGZHOU)),
        ),
    ),
)
LANE_HEADER = Scenario(
    id="lane-header",
    says="one user by a TrafficLane, half and half; then gray idles, and stays idle",
    policy=("lane-header.yaml",),
    beside_base=run.GRAY,
    example=_request(GRAY, VIP),
    rounds=(
        Round(full=10_000, request=_cycle(_request(GRAY, VIP), _request(BASE, OTHER))),
        Round(
            full=10_000,
            request=_cycle(_request(BASE, OTHER), _request(BASE)),
            idle=("Agray", "Bgray", "Cgray"),
        ),
    ),
)
LANE_QUERY = Scenario(
    id="lane-query",
    says="name=xiaoming as query parameter and as header; other names are on base",
    policy=("lane-query.yaml",),
    beside_base=run.GRAY,
    example=_request(GRAY, query="name=xiaoming"),
    rounds=(
        Round(
            full=2000,
            request=_cycle(
                _request(GRAY, query="name=xiaoming"), _request(BASE, query="name=xiaohong")
            ),
        ),
        Round(
            full=2000,
            request=_cycle(_request(GRAY, ("name", "xiaoming")), _request(BASE)),
        ),
    ),
)
CANARY = Scenario(
    id="canary",
    says="10 % of the users, each of them always on the same side",
    policy=("canary.yaml",),
    beside_base=run.GRAY,
    example=_canary(1, 4),
    rounds=(Round(full=10_000, request=_canary),),
)
LANE_GROUP = Scenario(
    id="lane-group",
    says="three lanes share base; a request that matches two goes the same way every time",
    policy=("lane-group.yaml", SHADOWS),
    beside_base=(*run.GRAY, *run.GROUP),
    example=_request(BLUE, SHENZHEN, ("x-tenant", "acme")),
    rounds=(Round(full=10_000, request=_cycle(*_GROUP)),),
)
FALLBACK = Scenario(
    id="fallback",
    says="B's gray is stopped and started under load, and no request fails",
    policy=(COLOURS,),
    beside_base=run.GRAY,
    example=_request(GRAY, SHENZHEN),
    rounds=(),
)
SPOOFED = Scenario(
    id="spoofed",
    says="a client that sends the label itself is on base; only the rule decides",
    policy=(COLOURS,),
    beside_base=run.GRAY,
    example=_request(BASE, ("baggage", "x-opensergo-traffic=gray")),
    rounds=(Round(full=1400, request=_cycle(*_FORGED)),),
)

ROLLING_RESTART = Scenario(
    id="rolling-restart",
    says="three instances of B are replaced under load, one after another, and no request fails",
    policy=(),
    beside_base=(),
    example=_request(BASE),
    rounds=(),
)
PATTERNS = Scenario(
    id="patterns",
    says="A and C have a gray version: by two stacks, by a rule at each hop, by one at the entry",
    policy=(),
    beside_base=(),
    example=_request(BASE),
    rounds=(),
)
RATE_LIMIT = Scenario(
    id="rate-limit",
    says="/greet1a takes one request a second and tells the others that they are in the queue",
    policy=("rate-limit.yaml",),
    beside_base=(),
    example=_request(BASE),
    rounds=(),
)
CONTROL_PLANE_LOSS = Scenario(
    id="control-plane-loss",
    says="the control plane is killed under load, B's gray restarted without it; then it is back",
    policy=(COLOURS,),
    beside_base=run.GRAY,
    example=_request(GRAY, SHENZHEN),
    rounds=(),
)


def _apart(row: Place) -> tuple[Round, ...]:
    """Gray alone, base alone, and gray where C has no gray instance: base C serves both sides."""
    gray = _cycle(_shadowed(row))
    around = _cycle(_shadowed(row, AROUND_C))
    return (
        Round(full=1000, request=gray),
        Round(full=1000, request=_cycle(_request(BASE), _request(BASE, HANGZHOU))),
        Round(full=1000, request=around, stopped=(run.C_GRAY,)),
    )


_FAILS = Request(expect=("Internal Server Error",), status=500, headers=(SHENZHEN,))

SHADOW_TABLES = Scenario(
    id="shadow-table",
    says="rows of gray requests are in mse_demo_table_gray, also those that base C writes",
    policy=(COLOURS, SHADOWS),
    beside_base=run.GRAY,
    example=_shadowed(SHADOW_TABLE),
    rounds=_apart(SHADOW_TABLE),
)
SHADOW_DATABASES = Scenario(
    id="shadow-database",
    says="gray has a whole database of its own, mse-demo-gray",
    policy=(COLOURS, "shadow-database.yaml"),
    beside_base=run.GRAY,
    example=_shadowed(SHADOW_DATABASE),
    rounds=_apart(SHADOW_DATABASE),
    swapped=True,
)
SHADOW_MISSING = Scenario(
    id="shadow-missing",
    says="without its table a gray request fails, and leaves nothing in base; base goes on",
    policy=(COLOURS, SHADOWS),
    beside_base=run.GRAY,
    example=_FAILS,
    rounds=(
        Round(full=400, request=_cycle(_FAILS, _request(BASE)), away=(SHADOW_TABLE,)),
        Round(
            full=400,
            request=_cycle(_FAILS, _request(BASE)),
            away=(SHADOW_TABLE,),
            stopped=(run.C_GRAY,),
        ),
        Round(full=400, request=_cycle(_shadowed(SHADOW_TABLE), _request(BASE))),
    ),
    swapped=True,
)
MIXED_MEDIA = Scenario(
    id="mixed-media",
    says="half of the requests are gray, and each leaves one row where it belongs",
    policy=(COLOURS, SHADOWS),
    beside_base=run.GRAY,
    example=_shadowed(SHADOW_TABLE),
    rounds=(Round(full=10_000, request=_cycle(_shadowed(SHADOW_TABLE), _request(BASE))),),
    swapped=True,
)

SCENARIOS = (
    NO_GRAY_B,
    HEADER_GRAY,
    LANE_HEADER,
    LANE_QUERY,
    CANARY,
    LANE_GROUP,
    FALLBACK,
    SPOOFED,
    SHADOW_TABLES,
    SHADOW_DATABASES,
    SHADOW_MISSING,
    MIXED_MEDIA,
    RATE_LIMIT,
    ROLLING_RESTART,
    CONTROL_PLANE_LOSS,
    PATTERNS,
)
