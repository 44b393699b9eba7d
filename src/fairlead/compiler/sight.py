"""What there is of what rules about the flow of calls guard: workloads, and their resources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from fairlead.compiler.labels import Pairs
from fairlead.compiler.part import Guard
from fairlead.compiler.placed import Placed
from fairlead.policy.resource import OUTBOUND, SQL, database_of

LIKE = 0.8
"""How like a known app's name another one has to be to be taken for it."""

_Told = list[dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is there of what one guard guards."""

    nobody: str = ""
    """That there is no workload, ``""`` where there is one."""
    vain: Mapping[str, str]
    """Resources that no workload has, each with the one that may be meant, ``""`` for none."""
    alone: bool = False
    """Whether there are instances whose processes count each for itself, whatever the rule."""
    shared: bool = False
    """Whether there are instances whose workers count together where the rule lets them."""


class _Workloads(NamedTuple):
    """The instances that a guard concerns, as far as it matters."""

    told: _Told
    """What each has not of those that know."""
    alone: bool
    shared: bool


class View:
    """The instances of one namespace, and the apps of all, looked at for many guards."""

    def __init__(self, placed: Iterable[Placed], known: set[tuple[str, str]]) -> None:
        self.known = known
        self._by_app: dict[str, list[Placed]] = {}
        for one in placed:
            self._by_app.setdefault(one.instance.app, []).append(one)
        self._known: dict[tuple[str, tuple[Pairs, ...]], _Workloads] = {}
        self._called: dict[str, list[str]] = {}

    def sight(self, guard: Guard, namespace: str) -> Sight:
        """Return what there is of what `guard`, of an object in `namespace`, guards."""
        told, alone, shared = self._of_whom(guard)
        vain = self._uncalled(guard, namespace)
        # Releases differ: a resource that one instance has is there.
        for target in guard.targets if told else ():
            name = _told_as(target.resource)
            if not target.regex and all(name in one for one in told):
                near = told[0][name]
                vain[target.resource] = near and near + target.resource.removeprefix(name)
        nobody = "" if alone or shared else f"{whose(guard)} has no instance"
        return Sight(nobody=nobody, vain=vain, alone=alone, shared=shared)

    def _of_whom(self, guard: Guard) -> _Workloads:
        key = guard.app, guard.workloads
        if key not in self._known:
            every = [one for found in self._by_app.values() for one in found]
            found = [
                one.instance
                for one in (self._by_app.get(guard.app, ()) if guard.app else every)
                if guard.concerns(one.instance.app, one.membership.labels)
            ]
            told = [dict(one.unmatched) for one in found if one.unmatched is not None]
            self._known[key] = _Workloads(
                told, any(one.alone for one in found), not all(one.alone for one in found)
            )
        return self._known[key]

    def _uncalled(self, guard: Guard, namespace: str) -> dict[str, str]:
        """Return the targets that are calls, each with the known app that is meant.

        A name that is like none may be the name of a host, whose calls are governed too.
        """
        vain: dict[str, str] = {}
        for target in guard.targets:
            if target.resource.startswith(OUTBOUND) and not target.regex:
                app, colon, method = target.resource.removeprefix(OUTBOUND).partition(":")
                names = self._names(namespace)
                near = [] if app in names else get_close_matches(app, names, 1, LIKE)
                if near and "." not in app:
                    vain[target.resource] = f"{OUTBOUND}{near[0]}{colon}{method}"
        return vain

    def _names(self, namespace: str) -> list[str]:
        if namespace not in self._called:
            spelt = (s for at, app in self.known for s in _spellings(app, at, namespace))
            self._called[namespace] = sorted(spelt)
        return self._called[namespace]


def whose(guard: Guard) -> str:
    """Name the workloads of `guard`, for a sentence."""
    if guard.app:
        return f"app {guard.app}"
    return "this namespace" if not guard.workloads else "what it selects in this namespace"


def _told_as(resource: str) -> str:
    """Return the name by which agents tell that they have not `resource`."""
    return database_of(resource) if resource.startswith(SQL) else resource


def _spellings(app: str, at: str, namespace: str) -> Iterator[str]:
    yield f"{app}.{at}".lower()
    if at == namespace:
        yield app.lower()
