"""RouterRule (OpenSergo, September 2022): which workloads of an app get which calls.

Left out of the specification since; TrafficRouter says the same. Objects of then load unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field

from fairlead.kinds.authoring import Maker
from fairlead.kinds.istio_http import TextMatch
from fairlead.kinds.istio_http_checks import WAYS, unusable
from fairlead.kinds.kind import AGE, ENFORCED, LIVE, NAME, Column, Kind, Plain, child, text_at
from fairlead.kinds.networking import Istio, Later, later
from fairlead.kinds.violation import Loc, Violation

MOST_RULES, MOST_TARGETS = 512, 64


def _text(raw: Any) -> Any:
    return {"exact": raw} if isinstance(raw, str) else raw


def _several(raw: Any) -> Any:
    return [raw] if isinstance(raw, dict) else raw


Text: TypeAlias = Annotated[TextMatch, BeforeValidator(_text)]
"""A text is written as it is, or as one of ``exact``, ``prefix`` and ``regex``."""
Texts: TypeAlias = dict[str, Text | None]


class WorkloadsRef(Istio):
    """Workloads of a VirtualWorkloads, and their part of the calls."""

    workloads: str = Field(min_length=1, max_length=253, description="Name of a VirtualWorkloads.")
    name: str = Field(min_length=1, max_length=253, description="Name of one of its groups.")
    weight: int | None = Field(
        default=None, ge=0, le=1_000_000, description="Part of the calls, beside the others."
    )


Targets: TypeAlias = Annotated[
    Annotated[tuple[WorkloadsRef, ...], Field(strict=False)], BeforeValidator(_several)
]
"""One, or several."""


class HttpMatch(Istio):
    """Calls of HTTP that meet all of these."""

    name: str | None = Field(default=None, description="Its name, for people.")
    uri: Text | None = Field(default=None, description="The path, without the query.")
    method: Text | None = Field(default=None, description="The method.")
    headers: Texts | None = Field(default=None, description="By name.")
    header: Texts | None = Field(default=None, description="The same.")
    query_params: Texts | None = Field(default=None, description="By name of the parameter.")
    ignore_uri_case: bool | None = Field(
        default=None, description="Whether the path's case does not matter."
    )
    source_labels: Texts | None = Field(default=None, description="Labels of who calls.")


class RpcMethodMatch(Istio):
    """A method of a service."""

    service: Text | None = Field(default=None, description="Name of the service, with its package.")
    method_name: Text | None = Field(default=None, description="Name of the method.")
    args: Later = later("Arguments by their place.")


class RpcMatch(Istio):
    """Calls of gRPC that meet all of these."""

    name: str | None = Field(default=None, description="Its name, for people.")
    services: Annotated[tuple[Text, ...], Field(strict=False)] | None = Field(
        default=None, max_length=MOST_TARGETS, description="Any of these services."
    )
    methods: Annotated[tuple[RpcMethodMatch, ...], Field(strict=False)] | None = Field(
        default=None, max_length=MOST_TARGETS, description="Any of these methods."
    )
    attachments: Texts | None = Field(default=None, description="Metadata, by name.")
    headers: Texts | None = Field(default=None, description="Metadata, by name.")
    source_labels: Texts | None = Field(default=None, description="Labels of who calls.")


class HttpCase(Istio):
    """Calls, and who gets them."""

    name: str | None = Field(default=None, description="Its name, for people.")
    match: HttpMatch | None = Field(default=None, description="Which calls, all if left out.")
    targets: Targets = Field(max_length=MOST_TARGETS, description="Who gets them.")
    modify: Later = later("Changes of a call.")


class RpcCase(Istio):
    """Calls of gRPC, and who gets them."""

    name: str | None = Field(default=None, description="Its name, for people.")
    match: RpcMatch | None = Field(default=None, description="Which calls, all if left out.")
    targets: Targets = Field(max_length=MOST_TARGETS, description="Who gets them.")
    modify: Later = later("Changes of a call.")


class HttpRule(Istio):
    """One case of calls of HTTP."""

    name: str | None = Field(default=None, description="Its name, for people.")
    rule: HttpCase | None = Field(default=None, description="The case.")
    target: Targets | None = Field(default=None, description="Who gets calls of no case.")
    fallback: Later = later("Who stands in.")


class RpcRule(Istio):
    """One case of calls of gRPC."""

    name: str | None = Field(default=None, description="Its name, for people.")
    rule: RpcCase | None = Field(default=None, description="The case.")
    target: Targets | None = Field(default=None, description="Who gets calls of no case.")
    fallback: Later = later("Who stands in.")


class RouterRuleSpec(Istio):
    """Who gets which calls of an app."""

    selector: dict[str, Text] = Field(min_length=1, max_length=1, description="`app`: its name.")
    http: Annotated[tuple[HttpRule, ...], Field(strict=False)] | None = Field(
        default=None, max_length=MOST_RULES, description="Calls of HTTP, the first case counts."
    )
    rpc: Annotated[tuple[RpcRule, ...], Field(strict=False)] | None = Field(
        default=None, max_length=MOST_RULES, description="Calls of gRPC, the first case counts."
    )
    redis: Later = later("Commands of Redis.")
    db: Later = later("Statements of databases.")

    @property
    def app(self) -> str:
        """The app whose calls it is about."""
        return self.selector["app"].exact or ""


def violations(plain: Plain) -> Iterator[Violation]:
    """Check what types cannot say."""
    spec = child(plain, "spec")
    yield from selector_violations(spec.get("selector"))
    for kind in ("http", "rpc"):
        for place, one in enumerate(_list(spec.get(kind))):
            loc: Loc = ("spec", kind, place, "rule")
            case = child(one, "rule") if isinstance(one, dict) else {}
            yield from _texts(child(case, "match"), (*loc, "match"))
            yield from _weights(case.get("targets"), (*loc, "targets"))


def selector_violations(raw: object) -> Iterator[Violation]:
    """Check that one app is named, and nothing else."""
    loc: Loc = ("spec", "selector")
    if not isinstance(raw, dict):
        return
    if set(raw) != {"app"}:
        yield Violation(loc=loc, message="names one app: {app: NAME}")
        return
    written = raw["app"]
    name = written.get("exact") if isinstance(written, dict) else written
    if not isinstance(name, str) or not name:
        yield Violation(loc=(*loc, "app"), message="must be the name of an app, as it is")


def _texts(match: Plain, loc: Loc) -> Iterator[Violation]:
    """Check every text of a match, however deep it is."""
    for where, one in _each(match, loc):
        ways = [way for way in WAYS if way in one]
        if len(ways) > 1:
            message = f"needs exactly one of {', '.join(WAYS)}; has {' and '.join(ways)}"
            yield Violation(loc=where, message=message)
        pattern = one.get("regex")
        if isinstance(pattern, str) and (found := unusable(pattern)):
            yield Violation(loc=(*where, "regex"), message=found)


def _each(item: Any, loc: Loc) -> Iterator[tuple[Loc, Plain]]:
    if isinstance(item, dict):
        yield loc, item
        for key, inner in item.items():
            yield from _each(inner, (*loc, key))
    elif isinstance(item, list):
        for place, inner in enumerate(item):
            yield from _each(inner, (*loc, place))


def _weights(raw: object, loc: Loc) -> Iterator[Violation]:
    found = [one for one in _list(raw) if isinstance(one, dict)]
    weights = [one.get("weight") for one in found]
    if len(found) > 1 and all(weight == 0 for weight in weights):
        yield Violation(loc=loc, message="weights add up to 0: nobody would get a call")


def _list(raw: object) -> list[Any]:
    return raw if isinstance(raw, list) else []


KIND: Kind[RouterRuleSpec] = Kind(
    group="traffic.opensergo.io",
    version="v1alpha1",
    kind="RouterRule",
    plural="routerrules",
    singular="routerrule",
    short_names=("rr",),
    spec=RouterRuleSpec,
    rules=(violations,),
    columns=(
        NAME,
        Column(
            name="App",
            description="Whose calls it is about.",
            cell=lambda plain, _: app_cell(plain),
        ),
        ENFORCED,
        LIVE,
        AGE,
    ),
)


def app_cell(plain: Plain) -> str:
    """Return the app that is selected."""
    selector = child(plain, "spec", "selector")
    if isinstance(selector.get("app"), str):
        return str(selector["app"])
    return text_at(plain, "spec", "selector", "app", "exact")


RouterRule = Maker(KIND)
"""Makes one in Python; fields in snake case."""
