"""What the kinds of policy.opensergo.io have in common: whom they are for, and the answer.

Each is {selector, config, action}, from one set of protobuf messages (OpenSergo, 2023).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import Field

from fairlead.kinds.binding import bound_app
from fairlead.kinds.http_request_fallback_action import (
    body_text,
    header_value,
    place,
    server_sets,
)
from fairlead.kinds.kind import AGE, ENFORCED, LIVE, NAME, Column, Kind, Plain, Rule, child
from fairlead.kinds.mode import DESCRIPTION, MODE, Mode
from fairlead.kinds.protojson import UInt, enum, field, value, written_path
from fairlead.kinds.resource_name import ResourceName
from fairlead.kinds.spec import Labels, MatchText, Spec, Token, checked
from fairlead.kinds.violation import Loc, Violation
from fairlead.policy.rule import ENFORCE

LOCAL, GLOBAL, GLOBAL_TO_LOCAL = SCOPES = ("LOCAL", "GLOBAL", "GLOBAL_TO_LOCAL")
TEXT, JSON = ENCODINGS = ("TEXT", "JSON")
ACTIONS = ("customResponse", "redirect")

SHOWN = 3
"""Routes that a table shows; of the rest it says how many there are."""

Scope = Annotated[str, enum(SCOPES), Field(json_schema_extra={"enum": list(SCOPES)})]
_Encoding = Annotated[str, enum(ENCODINGS), Field(json_schema_extra={"enum": list(ENCODINGS)})]

S = TypeVar("S", bound=Spec)


class RouteSelector(Spec):
    """One route."""

    name: ResourceName = Field(description="Name of a resource: GET:/orders/{id}, /orders or 404.")


class WorkloadSelector(Spec):
    """Workloads that carry all of these labels."""

    labels: Labels = Field(default={}, description="Labels; `app` is the app's name.")


class Selector(Spec):
    """Routes of workloads: one of each list that is not empty."""

    routes: Annotated[tuple[RouteSelector, ...], Field(strict=False)] | None = Field(
        default=None,
        max_length=256,
        description="Any of these; all that come in, each by itself, if left out.",
    )
    workloads: Annotated[tuple[WorkloadSelector, ...], Field(strict=False)] | None = Field(
        default=None,
        max_length=64,
        description="Any of these; all of the namespace if left out, or those of the app that the "
        "object's label `app` names.",
    )


class CustomResponse(Spec):
    """The answer."""

    status_code: Annotated[UInt, Field(ge=200, le=599)] = field(
        "statusCode", "Status, 200 to 599.", 429
    )
    body_encoding: _Encoding = field("bodyEncoding", "TEXT or JSON: the Content-Type.", TEXT)
    body: Annotated[str, checked(body_text)] = Field(default="", description="Text of the body.")
    response_headers_to_add: (
        dict[Annotated[Token, checked(server_sets)], Annotated[MatchText, checked(header_value)]]
        | None
    ) = field("responseHeadersToAdd", "Headers beside those of the server.", None)


class Redirect(Spec):
    """Go elsewhere: 302."""

    redirect_url: Annotated[str, checked(place)] = field("redirectUrl", "Where to.")


class HttpFallback(Spec):
    """One of the two."""

    custom_response: CustomResponse | None = field("customResponse", "An answer.", None)
    redirect: Redirect | None = Field(default=None, description="Another place.")


class FallbackAction(Spec):
    """What is done with a call that is rejected."""

    http: HttpFallback | None = Field(default=None, description="For HTTP.")


class Envelope(Spec):
    """A policy for routes of workloads."""

    selector: Selector | None = Field(
        default=None, description="Whom it is for; every workload of the namespace if left out."
    )
    action: FallbackAction | None = Field(
        default=None, description="The answer to what is rejected; 429 if left out."
    )
    mode: Mode = Field(default=ENFORCE, description=DESCRIPTION)


def violations(plain: Plain) -> Iterator[Violation]:
    """Check the answer of a policy."""
    yield from action_violations(value(plain, "spec", "action"), ("spec", "action"))


def action_violations(action: Any, loc: Loc) -> Iterator[Violation]:
    """Check that one answer is given, and no body to a status that has none (RFC 9110 §6.4.1)."""
    http = value(action, "http")
    at = (*loc, "http")
    found = [name for name in ACTIONS if value(http, name) is not None]
    if http is not None and len(found) != 1:
        message = f"needs exactly one of {', '.join(ACTIONS)}; has {' and '.join(found) or 'none'}"
        yield Violation(loc=at, message=message)
    status = value(http, "customResponse", "statusCode")
    if status in (204, 205, 304) and value(http, "customResponse", "body"):
        loc = (*at, *written_path(http, "customResponse", "body"))
        yield Violation(loc=loc, message=f"a response {status} has no body: remove it")


def _routes(plain: Plain, now: datetime) -> str:
    del now
    routes = value(plain, "spec", "selector", "routes")
    names = [str(child(one).get("name")) for one in (routes if isinstance(routes, list) else ())]
    more = f",+{len(names) - SHOWN}" if len(names) > SHOWN else ""
    return ",".join(names[:SHOWN]) + more or "*"


def _workloads(plain: Plain, now: datetime) -> str:
    del now
    found = value(plain, "spec", "selector", "workloads")
    shown = [
        ",".join(f"{key}={text}" for key, text in child(one, "labels").items()) or "*"
        for one in (found if isinstance(found, list) else ())
    ]
    app = bound_app(plain)
    more = f" or {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return " or ".join(shown[:SHOWN]) + more or (f"app={app}" if app else "*")


ROUTES = Column(name="Routes", description="Resources it is for.", cell=_routes)
WORKLOADS = Column(
    name="Workloads", priority=1, description="Workloads it is for.", cell=_workloads
)


def policy_kind(
    kind: str,
    plural: str,
    short_name: str,
    spec: type[S],
    columns: tuple[Column, ...],
    rules: tuple[Rule, ...] = (),
) -> Kind[S]:
    """Return the kind of policy.opensergo.io with these names, checks and columns of its own."""
    return Kind(
        group="policy.opensergo.io",
        version="v1alpha1",
        kind=kind,
        plural=plural,
        singular=kind.lower(),
        short_names=(short_name,),
        spec=spec,
        rules=(violations, *rules),
        columns=(NAME, ROUTES, WORKLOADS, *columns, MODE, ENFORCED, LIVE, AGE),
    )
