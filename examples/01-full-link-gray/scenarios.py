"""What the demo shows, in order: the rules, the instances, the requests and the right answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import instances as run
from load import BASE, GRAY, Request
from processes import Instance

AROUND_B = "Agray→B→Cgray"
BLUE, GREEN = "A→Bblue→C", "Agreen→B→Cgreen"

SHENZHEN = ("location", "cn-shenzhen")
HANGZHOU = ("location", "cn-hangzhou")
VIP, OTHER = ("x-user-uuid", "123456789"), ("x-user-uuid", "987654321")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """`full` requests, each made from its number and their count; `idle` hops must not appear."""

    full: int
    request: Callable[[int, int], Request]
    idle: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One claim, and what shows it."""

    id: str
    says: str
    policy: str
    beside_base: tuple[Instance, ...]
    """The instances that run beside those of base; all others are stopped."""
    example: Request
    rounds: tuple[Round, ...]


def _request(expect: str, *headers: tuple[str, str], query: str = "") -> Request:
    return Request(expect=(expect,), headers=headers, query=query)


def _cycle(*requests: Request) -> Callable[[int, int], Request]:
    return lambda number, count: requests[number % len(requests)]


def _canary(number: int, count: int) -> Request:
    # Everybody comes twice, the second time half a scenario later.
    user = f"user-{number % max(1, count // 2)}"
    return Request(expect=(BASE, GRAY), headers=(("x-user-id", user),), user=user)


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

_GROUP = (
    _request(BASE),
    _request(BASE, HANGZHOU),
    _request(GRAY, SHENZHEN),
    _request(BLUE, ("x-tenant", "acme")),
    _request(GREEN, ("x-tenant", "globex")),
    # Of two lanes the lower name, of a lane and a label rule the lane.
    _request(BLUE, SHENZHEN, ("x-tenant", "acme")),
    _request(GRAY, SHENZHEN, ("x-tenant", "globex")),
    _request(BASE, ("x-tenant", "initech")),
)

NO_GRAY_B = Scenario(
    id="no-gray-b",
    says="A and C have gray, B has none: base B serves, and behind it the request is gray again",
    policy="traffic-label-rule.yaml",
    beside_base=(run.A_GRAY, run.C_GRAY),
    example=_request(AROUND_B, SHENZHEN),
    rounds=(Round(full=1000, request=_cycle(_request(AROUND_B, SHENZHEN), _request(BASE))),),
)
HEADER_GRAY = Scenario(
    id="header-gray",
    says="B's gray is there: gray all the way, and base for everybody else",
    policy="traffic-label-rule.yaml",
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
    policy="lane-header.yaml",
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
    policy="lane-query.yaml",
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
    policy="canary.yaml",
    beside_base=run.GRAY,
    example=_canary(1, 4),
    rounds=(Round(full=10_000, request=_canary),),
)
LANE_GROUP = Scenario(
    id="lane-group",
    says="three lanes share base; a request that matches two goes the same way every time",
    policy="lane-group.yaml",
    beside_base=(*run.GRAY, *run.GROUP),
    example=_request(BLUE, SHENZHEN, ("x-tenant", "acme")),
    rounds=(Round(full=10_000, request=_cycle(*_GROUP)),),
)
FALLBACK = Scenario(
    id="fallback",
    says="B's gray is stopped and started under load, and no request fails",
    policy="traffic-label-rule.yaml",
    beside_base=run.GRAY,
    example=_request(GRAY, SHENZHEN),
    rounds=(),
)
SPOOFED = Scenario(
    id="spoofed",
    says="a client that sends the label itself is on base; only the rule decides",
    policy="traffic-label-rule.yaml",
    beside_base=run.GRAY,
    example=_request(BASE, ("baggage", "x-opensergo-traffic=gray")),
    rounds=(Round(full=1400, request=_cycle(*_FORGED)),),
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
)
