"""How gateways and routes stand, as the Gateway API writes it: ``parents`` and ``listeners``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fairlead.compiler.gateways.standing import ListenerState, Parent, Standing, Verdict
from fairlead.control.condition import Condition, merged
from fairlead.control.store import Object
from fairlead.kinds.gateway_api import CONTROLLER, GROUP


def written(standing: Standing, before: Mapping[str, Any], generation: int, moment: str) -> Object:
    """Return what a status holds of `standing`; conditions keep their times from `before`."""
    status: Object = {}
    if standing.parents:
        old = _conditions(before.get("parents"), "parentRef")
        status["parents"] = [
            _parent(one, _at(old, one.ref), generation, moment) for one in standing.parents
        ]
    if standing.listeners:
        old = _conditions(before.get("listeners"), "name")
        status["listeners"] = [
            _listener(one, _at(old, one.name), generation, moment) for one in standing.listeners
        ]
    return status


def _parent(one: Parent, before: list[Object], generation: int, moment: str) -> Object:
    return {
        "parentRef": one.ref,
        "controllerName": CONTROLLER,
        "conditions": merged(before, _told(one.verdicts), generation, moment),
    }


def _listener(one: ListenerState, before: list[Object], generation: int, moment: str) -> Object:
    return {
        "name": one.name,
        "supportedKinds": [{"group": GROUP, "kind": kind} for kind in one.kinds],
        "attachedRoutes": one.attached,
        "conditions": merged(before, _told(one.verdicts), generation, moment),
    }


def _told(verdicts: Iterable[Verdict]) -> Iterator[Condition]:
    for one in verdicts:
        yield Condition(type=one.type, status=one.status, reason=one.reason, message=one.message)


def _conditions(stored: Any, name: str) -> list[tuple[Any, list[Object]]]:
    items = stored if isinstance(stored, list) else []
    return [(one.get(name), one.get("conditions") or []) for one in items if isinstance(one, dict)]


def _at(found: list[tuple[Any, list[Object]]], key: Any) -> list[Object]:
    return next((conditions for one, conditions in found if one == key), [])
