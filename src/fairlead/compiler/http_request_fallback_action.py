"""HttpRequestFallbackAction: an answer, for whoever names it."""

from __future__ import annotations

from fairlead.compiler.part import Part
from fairlead.kinds import Resource
from fairlead.kinds.http_request_fallback_action import (
    QUEUE,
    REDIRECT,
    HttpRequestFallbackActionSpec,
)
from fairlead.policy.fallback import RESOURCE_EXHAUSTED, Fallback


def compile_http_request_fallback_action(
    resource: Resource[HttpRequestFallbackActionSpec],
) -> Part:
    """Return what an HttpRequestFallbackAction compiles to; `guards.py` finds who names it."""
    return Part(resource=resource, fallback=answer(resource.spec))


def answer(spec: HttpRequestFallbackActionSpec) -> Fallback:
    """Return the answer that `spec` describes, wherever it stands."""
    response = spec.response
    headers = tuple((header.key, header.value) for header in response.headers)
    status, body = response.status or 429, response.body
    if spec.behavior == REDIRECT:
        status = response.status or 302
        headers = (*headers, ("Location", response.redirect_url or "/"))
        body = body or ""
    elif response.status is not None and spec.behavior != QUEUE:
        body = body or ""
    elif spec.behavior != QUEUE and not headers:
        headers = Fallback().headers
    code = response.grpc_status
    return Fallback(
        status=status,
        headers=headers,
        body=body,
        queue=spec.behavior == QUEUE,
        value=response.value,
        grpc_status=RESOURCE_EXHAUSTED if code is None else code,
        grpc_message=response.grpc_message,
    )
