"""Arrays of rules as FlowControls: one for each type and resource, with what is lost on the way."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from fairlead.cli.sentinel import java
from fairlead.cli.sentinel.documents import Array
from fairlead.cli.sentinel.drafts import Draft, Surroundings
from fairlead.cli.sentinel.fields import Dropped, Fields, Gravity, Said
from fairlead.cli.sentinel.types import GO, JAVA
from fairlead.kinds import InvalidResource, Resource, parse
from fairlead.kinds.flow_control import KIND
from fairlead.kinds.spec import described

STRATEGIES = 64
"""Strategies of one object."""

IMPORTED = {"fairlead.io/source": "sentinel"}
"""Label of what was imported: ``kubectl delete fc -l fairlead.io/source=sentinel``."""

_ANCHORED = re.compile(r"\^(?:\(\?:(.*)\)|([^|]*))\$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import comes to."""

    resources: tuple[Resource[Any], ...]
    said: tuple[Said, ...]

    def worst(self) -> Gravity:
        """Return how much is lost at most."""
        return max((one.gravity for one in self.said), default=Gravity.DIFFERS)


def read(arrays: Sequence[Array], app: str, namespace: str, cold_factor: float) -> Imported:
    """Return the objects for `arrays`, which say the same of an app's resources."""
    said: list[Said] = []
    around = Surroundings(cold_factor=cold_factor, origins=_origins(arrays), guarded=set())
    drafts = [draft for array in arrays for draft in _drafts(array, around, said)]
    found = []
    for part, group in _grouped(drafts):
        try:
            found.append(parse(_object(group, part, app, namespace)))
        except InvalidResource as error:
            said += (
                _blamed(group, violation.loc, str(violation)) for violation in error.violations
            )
    return Imported(tuple(found), tuple(said))


def _origins(arrays: Iterable[Array]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for array in arrays:
        if (array.type.name, array.type.dialect) == ("flow", JAVA):
            for item in array.items:
                resource, app = (
                    (item.get("resource"), item.get("limitApp"))
                    if isinstance(item, dict)
                    else (None, None)
                )
                if isinstance(resource, str) and isinstance(app, str):
                    app = app.strip()
                    if app not in ("", java.DEFAULT, java.OTHER):
                        found.setdefault(resource, set()).add(app)
    return {resource: frozenset(apps) for resource, apps in found.items()}


def _drafts(array: Array, around: Surroundings, said: list[Said]) -> Iterator[Draft]:
    for position, item in enumerate(array.items):
        place = f"{array.source}[{position}]"
        if not isinstance(item, dict):
            said.append(Said(Gravity.INVALID, place, f"must be an object, got {described(item)}"))
            continue
        rule = Fields(item, place, said)
        try:
            yield _draft(rule, array, around)
        except Dropped:
            continue


def _draft(rule: Fields, array: Array, around: Surroundings) -> Draft:
    rule.only(array.type.fields)
    if array.type.name != "system" and not rule.text("resource").strip():
        raise rule.invalid("resource", "required")
    strategy = array.type.read(rule, around)
    regex = rule.flag("regex") if "regex" in array.type.fields else False
    resource = rule.pattern("resource") if regex else rule.text("resource")
    if regex and array.type.dialect == GO:
        resource = _whole(resource)
    return Draft(
        type=array.type.name, resource=resource, regex=regex, strategy=strategy, place=rule.place
    )


def _whole(pattern: str) -> str:
    """Return what matches whole names where `pattern` matches a part of them, as Go's do."""
    anchored = _ANCHORED.fullmatch(pattern)
    return (anchored[1] or anchored[2]) if anchored else f".*(?:{pattern}).*"


def _grouped(drafts: Iterable[Draft]) -> Iterator[tuple[int, list[Draft]]]:
    """Yield the drafts of one object each, numbered where several are of one resource."""
    groups: dict[tuple[str, str, bool], dict[str, Draft]] = {}
    for draft in drafts:
        same = groups.setdefault((draft.type, draft.resource, draft.regex), {})
        # Sentinel keeps rules that say the same once.
        same.setdefault(json.dumps(draft.strategy, sort_keys=True), draft)
    for found in groups.values():
        group = list(found.values())
        for part, start in enumerate(range(0, len(group), STRATEGIES)):
            yield part, group[start : start + STRATEGIES]


def _object(group: Sequence[Draft], part: int, app: str, namespace: str) -> dict[str, Any]:
    first = group[0]
    target: dict[str, Any] = {"targetResourceName": first.resource}
    if first.regex:
        target["regex"] = True
    return {
        "apiVersion": KIND.api_version,
        "kind": KIND.kind,
        "metadata": {
            "name": _name(first, part, app),
            "namespace": namespace,
            "labels": {"app": app, **IMPORTED},
        },
        "spec": {
            "targets": [target],
            "strategies": [draft.strategy for draft in group],
        },
    }


def _name(draft: Draft, part: int, app: str) -> str:
    """Return the name that rules of this type and resource have whenever they are imported."""
    words = "-".join(re.findall(r"[a-z0-9]+", draft.resource.lower()))[:40].strip("-")
    mark = sha256(repr((app, draft.resource, draft.regex, part)).encode()).hexdigest()[:8]
    return "-".join(word for word in ("sentinel", draft.type, words, mark) if word)


def _blamed(group: Sequence[Draft], loc: tuple[str | int, ...], message: str) -> Said:
    """Return what our own checks say, at the rule that it is about."""
    place = group[0].place
    if loc[:2] == ("spec", "strategies") and len(loc) > 2 and isinstance(loc[2], int):
        place = group[loc[2]].place
    return Said(Gravity.INVALID, place, message)
