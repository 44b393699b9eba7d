"""HttpRequestFallbackAction: an answer, for whoever names it."""

from __future__ import annotations

from fairlead.compiler.part import Part
from fairlead.kinds import Resource
from fairlead.kinds.http_request_fallback_action import HttpRequestFallbackActionSpec
from fairlead.policy.fallback import Fallback


def compile_http_request_fallback_action(
    resource: Resource[HttpRequestFallbackActionSpec],
) -> Part:
    """Return what an HttpRequestFallbackAction compiles to; `guards.py` finds who names it."""
    response = resource.spec.response
    headers = tuple((header.key, header.value) for header in response.headers)
    fallback = Fallback(status=response.status, headers=headers, body=response.body)
    return Part(resource=resource, fallback=fallback)
