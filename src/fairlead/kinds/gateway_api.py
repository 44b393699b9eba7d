"""What the kinds of gateway.networking.k8s.io have in common: names, times, and who refers to whom.

Whatever the Gateway API takes is taken, so that its files load as they are. A word of an
enumeration that this version does not know is taken as well: the status of the object says
``UnsupportedValue``, as the API asks for (`unsupported`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, TypeAlias, TypeVar, get_args

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from fairlead.kinds.kind import Plain, child
from fairlead.kinds.spec import Spec, checked, described
from fairlead.kinds.violation import Loc, Violation, refusal

GROUP = "gateway.networking.k8s.io"
VERSION, ALSO = "v1", ("v1beta1",)
CONTROLLER = "fairlead.io/gateway-controller"
"""Who writes the status of routes, among the controllers of a cluster."""

GATEWAY, SERVICE = "Gateway", "Service"
KNOWN = "x-fairlead-known"

T = TypeVar("T")
Many: TypeAlias = Annotated[tuple[T, ...], Field(strict=False)]
"""A list."""

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_HOST = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*")
_DURATION = re.compile(r"([0-9]{1,5}(h|m|s|ms)){1,4}")
_PART = re.compile(r"([0-9]{1,5})(h|ms|m|s)")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}")
_KIND = re.compile(r"[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?")
_ADDRESS = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}")


class Written(Spec):
    """A part of an object of the Gateway API, with its names in lowerCamelCase."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=to_camel, populate_by_name=False
    )


def word(*known: str) -> WithJsonSchema:
    """Mark a text that means something if it is one of `known`, and is taken in any case."""
    return WithJsonSchema({"type": "string", KNOWN: list(known)})


def unsupported(part: Spec, above: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and value of each word that this version does not know."""
    for name, info in type(part).model_fields.items():
        value, path = getattr(part, name), f"{above}{info.alias or name}"
        known = _known((*info.metadata, *_within(info.annotation)))
        if known and value is not None:
            words = enumerate(value) if isinstance(value, tuple) else ((None, value),)
            for place, one in words:
                if one not in known:
                    yield path if place is None else f"{path}[{place}]", str(one)
        items = enumerate(value) if isinstance(value, tuple) else ()
        for place, one in items:
            if isinstance(one, Spec):
                yield from unsupported(one, f"{path}[{place}].")
        if isinstance(value, Spec):
            yield from unsupported(value, f"{path}.")


def _within(annotation: Any) -> Iterator[Any]:
    """Yield the marks of what a field may hold beside nothing."""
    for one in get_args(annotation):
        yield from getattr(one, "__metadata__", ())


def _known(metadata: Iterable[Any]) -> list[str]:
    for one in metadata:
        if isinstance(one, WithJsonSchema) and one.json_schema and KNOWN in one.json_schema:
            return list(one.json_schema[KNOWN])
    return []


def _hostname(text: str) -> str | None:
    if len(text) > 253 or not _HOST.fullmatch(text) or _ADDRESS.fullmatch(text):
        return f"{text[:80]!r} is no host name: lower case, as shop.example.com or *.example.com"
    return None


def _precise(text: str) -> str | None:
    wild = f"{text[:80]!r} is no host name: no * can stand here" if "*" in text else None
    return wild or _hostname(text)


def _header(text: str) -> str | None:
    return None if _HEADER.fullmatch(text) else f"{text[:80]!r} is no name of a header"


def _kind(text: str) -> str | None:
    return None if len(text) <= 63 and _KIND.fullmatch(text) else f"{text[:80]!r} is no kind"


def _group(text: str) -> str | None:
    return None if not text else _precise(text) and f"{text[:80]!r} is no group"


def _section(text: str) -> str | None:
    return _precise(text) and f"{text[:80]!r} is no name of a listener or a rule"


def duration(text: str) -> float | None:
    """Return the seconds that a duration of GEP-2257 spells, None for another text."""
    if not _DURATION.fullmatch(text):
        return None
    return sum(int(part[1]) * _UNITS[part[2]] for part in _PART.finditer(text))


def _duration(raw: Any) -> float:
    found = duration(raw) if isinstance(raw, str) else None
    if found is None:
        shown = repr(raw[:80]) if isinstance(raw, str) else described(raw)
        raise refusal(f"must be a duration like 500ms, 10s or 1h30m, got {shown}")
    return found


Duration: TypeAlias = Annotated[
    float, BeforeValidator(_duration), WithJsonSchema({"type": "string"})
]
"""A duration of GEP-2257, as seconds; 0 is allowed."""
Hostname: TypeAlias = Annotated[str, checked(_hostname)]
PreciseHostname: TypeAlias = Annotated[str, checked(_precise)]
HeaderName: TypeAlias = Annotated[str, checked(_header)]
KindName: TypeAlias = Annotated[str, checked(_kind)]
Group: TypeAlias = Annotated[str, checked(_group)]
SectionName: TypeAlias = Annotated[str, Field(min_length=1, max_length=253), checked(_section)]
ObjectName: TypeAlias = Annotated[str, Field(min_length=1, max_length=253)]
Namespace: TypeAlias = Annotated[str, Field(min_length=1, max_length=63)]
Port: TypeAlias = Annotated[int, Field(ge=1, le=65535)]


class LocalReference(Written):
    """An object of the same namespace."""

    group: Group = Field(description="Its group; empty for Kubernetes' own.")
    kind: KindName = Field(description="Its kind.")
    name: ObjectName = Field(description="Its name.")


class SecretReference(Written):
    """A certificate."""

    group: Group = Field(default="", description="Its group; empty for Kubernetes' own.")
    kind: KindName = Field(default="Secret", description="Its kind.")
    name: ObjectName = Field(description="Its name.")
    namespace: Namespace | None = Field(default=None, description="Its namespace.")


class BackendObject(Written):
    """Who is called."""

    group: Group = Field(default="", description="Its group; empty for Kubernetes' own.")
    kind: KindName = Field(default=SERVICE, description="Service: an app is one.")
    name: ObjectName = Field(description="Its name.")
    namespace: Namespace | None = Field(
        default=None, description="Its namespace; another one needs a ReferenceGrant there."
    )
    port: Port | None = Field(default=None, description="Its port; a Service needs it.")


class ParentReference(Written):
    """A Gateway that a route is attached to, or a Service whose callers it is for."""

    group: Group = Field(default=GROUP, description="Group of the parent; empty for a Service.")
    kind: KindName = Field(default=GATEWAY, description="Gateway or Service.")
    namespace: Namespace | None = Field(default=None, description="Namespace of the parent.")
    name: ObjectName = Field(description="Name of the parent.")
    section_name: SectionName | None = Field(
        default=None, description="Listener of a Gateway; all of them if left out."
    )
    port: Port | None = Field(default=None, description="Port of listeners, or of a Service.")


class CookieConfig(Written):
    """The cookie of a session."""

    name: str | None = Field(default=None, max_length=256, description="Its name.")
    path: str | None = Field(default=None, max_length=1024, description="Its path.")
    lifetime_type: Annotated[str, word("Permanent", "Session")] = Field(
        default="Session", description="Permanent or Session."
    )


class HeaderConfig(Written):
    """The header of a session."""

    name: HeaderName = Field(description="Its name.")


class SessionPersistence(Written):
    """Requests of a session go to one instance. Not enforced yet: status says so."""

    session_name: str | None = Field(default=None, max_length=128, description="Its name.")
    absolute_timeout: Duration | None = Field(default=None, description="How long it lasts.")
    idle_timeout: Duration | None = Field(default=None, description="How long it may be unused.")
    type: Annotated[str, word("Cookie", "Header")] = Field(
        default="Cookie", description="Cookie or Header."
    )
    cookie: CookieConfig | None = Field(default=None, description="With type Cookie.")
    header: HeaderConfig | None = Field(default=None, description="With type Header.")
    cookie_config: CookieConfig | None = Field(default=None, description="Old name of cookie.")


class RouteSpec(Written):
    """What every route says."""

    parent_refs: Many[ParentReference] | None = Field(
        default=None, max_length=32, description="Whom the route is attached to."
    )
    use_default_gateways: Annotated[str, word("None", "All")] | None = Field(
        default=None, description="None or All; All is not honoured."
    )
    hostnames: Many[Hostname] | None = Field(
        default=None, max_length=16, description="Hosts; those of the listener if left out."
    )


def items(raw: Any, loc: Loc) -> Iterator[tuple[Loc, Plain]]:
    """Yield the maps in a list, each with its path."""
    for place, item in enumerate(raw if isinstance(raw, list) else ()):
        if isinstance(item, Mapping):
            yield (*loc, place), item


def backend_violations(backend: Plain, loc: Loc) -> Iterator[Violation]:
    """Check what a reference to a Service has to say."""
    service = (backend.get("group") or "", backend.get("kind") or SERVICE) == ("", SERVICE)
    if service and "name" in backend and backend.get("port") is None:
        yield Violation(loc=(*loc, "port"), message="required where a Service is referred to")


def route_violations(plain: Plain) -> Iterator[Violation]:
    """Check what every route has to keep to."""
    spec = child(plain, "spec")
    seen: dict[tuple[Any, ...], Loc] = {}
    for loc, parent in items(spec.get("parentRefs"), ("spec", "parentRefs")):
        names = ("group", "kind", "namespace", "name", "sectionName", "port")
        key = tuple(parent.get(name) for name in names)
        if key in seen:
            message = "names a parent that is named before: set another sectionName or port"
            yield Violation(loc=loc, message=message)
        seen.setdefault(key, loc)
        twins = [one for one in seen if one[:4] == key[:4] and one != key]
        if twins and any(one[4] is None and one[5] is None for one in (key, *twins)):
            message = "sectionName or port must be set where one parent is named twice"
            yield Violation(loc=loc, message=message)
    rules = list(items(spec.get("rules"), ("spec", "rules")))
    names_seen: set[str] = set()
    for loc, rule in rules:
        name = rule.get("name")
        if isinstance(name, str) and name in names_seen:
            yield Violation(loc=(*loc, "name"), message=f"{name[:80]!r} is the name of two rules")
        names_seen |= {name} if isinstance(name, str) else set()
    matches = sum(len(found) for _, rule in rules if isinstance(found := rule.get("matches"), list))
    if matches > 128:
        message = f"all rules together may have 128 matches, and have {matches}"
        yield Violation(loc=("spec", "rules"), message=message)
