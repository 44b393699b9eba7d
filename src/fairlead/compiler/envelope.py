"""What the policies of policy.opensergo.io compile to alike: a guard of routes of workloads."""

from __future__ import annotations

from fairlead.compiler.labels import pairs
from fairlead.compiler.part import Guard, Inline, Part, Strategy, Target
from fairlead.kinds import Resource, app_of
from fairlead.kinds.envelope import JSON, LOCAL, Envelope, FallbackAction
from fairlead.policy.fallback import Fallback
from fairlead.policy.resource import INBOUND, resource_name
from fairlead.policy.rule import Rule

FOUND = 302
"""Status of a redirect: for this time, and with whatever method the client likes."""


def policy(resource: Resource[Envelope], rule: Rule, scope: str = LOCAL) -> Part:
    """Return the guard of what `resource` selects by `rule`, which is on no resource yet."""
    spec = resource.spec
    routes = (spec.selector and spec.selector.routes) or ()
    workloads = (spec.selector and spec.selector.workloads) or ()
    targets = (Target(resource_name(route.name)) for route in routes)
    guard = Guard(
        app="" if workloads else app_of(resource),
        workloads=tuple(pairs(one.labels) for one in workloads),
        targets=tuple(dict.fromkeys(targets)) or (Target(INBOUND, regex=True),),
        strategies=(Inline(place="config", strategy=Strategy(rule=rule, unenforced=_not(scope))),),
        fallback=answer_of(spec.action),
        mode=spec.mode,
    )
    return Part(resource=resource, guard=guard)


def _not(scope: str) -> str:
    if scope == LOCAL:
        return ""
    return (
        f"scope {scope} needs counters that hosts share, which this version has not: with {LOCAL} "
        f"the workers of an app on each host count together"
    )


def answer_of(action: FallbackAction | None) -> Fallback | None:
    """Return the answer that `action` describes, None for none."""
    http = action.http if action else None
    if http is None:
        return None
    if http.redirect is not None:
        return Fallback(status=FOUND, headers=(("Location", http.redirect.redirect_url),), body="")
    answer = http.custom_response
    if answer is None:
        return None
    headers = tuple((answer.response_headers_to_add or {}).items())
    typed = any(name.lower() == "content-type" for name, _ in headers)
    if answer.body_encoding == JSON and not typed:
        headers = (("Content-Type", "application/json"), *headers)
    return Fallback(status=answer.status_code, headers=headers, body=answer.body)
