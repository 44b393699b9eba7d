"""Flow rules of Sentinel's gateway adapters: all of them are about values of a part of a request.

A rule without a part is about one value that every request has. Sources: GatewayRuleConverter,
GatewayParamParser.
"""

from __future__ import annotations

from typing import Any

from fairlead.cli.sentinel.drafts import Strategy, Surroundings
from fairlead.cli.sentinel.fields import Fields
from fairlead.cli.sentinel.java import hot_parameter

FIELDS = (
    "resource",
    "resourceMode",
    "grade",
    "count",
    "intervalSec",
    "interval",
    "intervalUnit",
    "controlBehavior",
    "burst",
    "maxQueueingTimeoutMs",
    "paramItem",
    "id",
)

SOURCES = ("client-ip", "host", "header", "query", "cookie")
"""Parts by parseStrategy."""
NAMED = ("header", "query", "cookie")

EXACT, PREFIX, REGEX, CONTAINS = 0, 1, 2, 3


def flow(rule: Fields, around: Surroundings) -> Strategy:
    """Return what a GatewayFlowRule is."""
    del around
    if rule.integer("resourceMode", 0) != 0:
        raise rule.left_out("resourceMode", "groups of routes are not there: name the routes")
    hot = hot_parameter(rule, "intervalSec", "burst", "maxQueueingTimeoutMs", 500)
    item = rule.part("paramItem")
    param = {"source": "constant"} if item is None else _param(item)
    return {"hotParameter": {"param": param, **hot}}


def _param(item: Fields) -> dict[str, Any]:
    parse = item.integer("parseStrategy", 0)
    if parse >= len(SOURCES):
        raise item.left_out("parseStrategy", f"{parse} is none of 0 to 4: Sentinel finds no value")
    param: dict[str, Any] = {"source": SOURCES[parse]}
    if SOURCES[parse] in NAMED:
        name = item.text("fieldName").strip()
        if not name:
            raise item.invalid("fieldName", f"required: which {SOURCES[parse]}")
        param["name"] = name
    pattern, match = item.text("pattern"), item.integer("matchStrategy", EXACT)
    if not pattern:
        return param
    if match == EXACT:
        return {**param, "match": {"exact": pattern}}
    if match == CONTAINS:
        return {**param, "match": {"contains": pattern}}
    if match == REGEX:
        return {**param, "match": {"regex": item.pattern("pattern")}}
    item.differs(
        "matchStrategy", f"{match} limits every value, as in Sentinel, which has no prefix"
    )
    return param
