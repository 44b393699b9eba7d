"""ConcurrencyLimit: so many requests at a time."""

from __future__ import annotations

from fairlead.compiler.envelope import policy
from fairlead.compiler.part import Part
from fairlead.kinds import Resource
from fairlead.kinds.concurrency_limit import ConcurrencyLimitSpec
from fairlead.policy.limit import ConcurrencyLimit


def compile_concurrency_limit(resource: Resource[ConcurrencyLimitSpec]) -> Part:
    """Return what a ConcurrencyLimit compiles to."""
    config = resource.spec.config
    rule = ConcurrencyLimit(rule="", strategy="", resource="", most=config.max_concurrency)
    return policy(resource, rule, config.scope)
