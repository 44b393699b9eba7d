"""FaultToleranceRule: which strategies guard which resources of an app. OpenSergo, 2022.

Each target is guarded by each strategy. References are by name, within the namespace.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from fairlead.kinds.admission import authored
from fairlead.kinds.binding import bound_app, needs_an_app, selects_by_app_only
from fairlead.kinds.kind import AGE, ENFORCED, LIVE, NAME, Column, Kind, Plain, Resource, child
from fairlead.kinds.names import object_name
from fairlead.kinds.resource_name import ResourceName
from fairlead.kinds.spec import Labels, Spec, checked, described
from fairlead.kinds.suggestion import choose
from fairlead.kinds.violation import Violation, refusal
from fairlead.policy.workload import DEFAULT_NAMESPACE

STRATEGIES = (
    "RateLimitStrategy",
    "ThrottlingStrategy",
    "ConcurrencyLimitStrategy",
    "CircuitBreakerStrategy",
    "AdaptiveOverloadProtectionStrategy",
)
"""Kinds that a strategy may be of; all but the first are accepted and not enforced yet."""

FALLBACKS = ("HttpRequestFallbackAction",)

SHOWN = 5
"""Names of a list that a table shows; the rest is a number."""

_NAMES = {"name": {"type": "string"}, "kind": {"type": "string"}}


def _kind(text: str) -> str | None:
    return None if text in STRATEGIES else choose("kind", text, STRATEGIES)


def _fallback(value: Any) -> str:
    """Read the specification's name, and the protocol's map of name and kind."""
    if isinstance(value, dict):
        if unknown := value.keys() - _NAMES.keys():
            raise refusal(f"unknown field {min(map(str, unknown))}; allowed: name, kind")
        kind = value.get("kind", FALLBACKS[0])
        if kind not in FALLBACKS:
            raise refusal(choose("kind", str(kind), FALLBACKS))
        value = value.get("name")
    if not isinstance(value, str):
        raise refusal(f"must name an HttpRequestFallbackAction, got {described(value)}")
    problem = object_name(value)
    if problem:
        raise refusal(problem)
    return value


class Target(Spec):
    """What is guarded."""

    resource: ResourceName = Field(
        alias="targetResourceName",
        description="METHOD:/template as in GET:/orders/{id}, or /template for every method; 404 "
        "is every unknown path.",
    )


class StrategyReference(Spec):
    """A strategy of the namespace."""

    name: Annotated[str, checked(object_name)] = Field(description="Its name.")
    kind: Annotated[str, checked(_kind)] | None = Field(
        default=None, description="Its kind; may be left out where the name is unique."
    )


class FaultToleranceRuleSpec(Spec):
    """Every target is guarded by every strategy."""

    selector: Labels | None = Field(
        default=None,
        description="The app, as `app`. A label `app` of the object wins over it.",
    )
    targets: Annotated[tuple[Target, ...], Field(strict=False)] = Field(
        min_length=1, max_length=256, description="Resources that are guarded."
    )
    strategies: Annotated[tuple[StrategyReference, ...], Field(strict=False)] = Field(
        min_length=1, max_length=64, description="What guards them."
    )
    fallback: (
        Annotated[
            str,
            BeforeValidator(_fallback),
            WithJsonSchema({"x-kubernetes-preserve-unknown-fields": True}),
        ]
        | None
    ) = Field(
        default=None,
        alias="fallbackAction",
        description="HttpRequestFallbackAction for what is rejected, by name. Without one: 429.",
    )


def _resources(plain: Plain, now: datetime) -> str:
    del now
    return _joined(plain, "targets", "targetResourceName")


def _strategies(plain: Plain, now: datetime) -> str:
    del now
    return _joined(plain, "strategies", "name")


def _joined(plain: Plain, field: str, key: str) -> str:
    found = child(plain, "spec").get(field)
    items = [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []
    more = f",+{len(items) - SHOWN}" if len(items) > SHOWN else ""
    return ",".join(str(item.get(key, "")) for item in items[:SHOWN]) + more


def violations(plain: Plain) -> Iterator[Violation]:
    """Check that nothing is named twice."""
    for field, key in (("targets", "targetResourceName"), ("strategies", "name")):
        seen: set[tuple[str, str]] = set()
        found = child(plain, "spec").get(field)
        for position, item in enumerate(found if isinstance(found, list) else ()):
            name = (str(child(item).get(key)), str(child(item).get("kind")))
            if name in seen:
                loc = ("spec", field, position, key)
                yield Violation(loc=loc, message=f"{name[0]} is there already: remove one")
            seen.add(name)


KIND: Kind[FaultToleranceRuleSpec] = Kind(
    group="fault-tolerance.opensergo.io",
    version="v1alpha1",
    kind="FaultToleranceRule",
    plural="faulttolerancerules",
    singular="faulttolerancerule",
    short_names=("ftr",),
    spec=FaultToleranceRuleSpec,
    rules=(needs_an_app, selects_by_app_only, violations),
    columns=(
        NAME,
        Column(name="App", description="App it guards.", cell=lambda plain, _: bound_app(plain)),
        Column(name="Targets", description="Resources it guards.", cell=_resources),
        Column(name="Strategies", description="What guards them.", cell=_strategies),
        ENFORCED,
        LIVE,
        AGE,
    ),
)


def FaultToleranceRule(  # noqa: N802, PLR0913 - reads as the kind it makes, field by field
    *,
    name: str,
    namespace: str = DEFAULT_NAMESPACE,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    selector: Mapping[str, str] | None = None,
    targets: Sequence[str],
    strategies: Sequence[str],
    fallback_action: str | None = None,
) -> Resource[FaultToleranceRuleSpec]:
    """Return the rule, equal to the same one from YAML. Raises InvalidResource."""
    metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations}
    spec = {
        "selector": selector,
        "targets": [{"targetResourceName": target} for target in targets],
        "strategies": [{"name": strategy} for strategy in strategies],
        "fallbackAction": fallback_action,
    }
    return authored(KIND, metadata, spec)
