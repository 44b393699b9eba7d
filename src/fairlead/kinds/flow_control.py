"""FlowControl: targets, strategies and the answer in one object. Our schema of the article's kind.

It means the same as a FaultToleranceRule with the strategies and the answer that it would name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import Field

from fairlead.kinds import adaptive_overload_protection_strategy as overload
from fairlead.kinds import (
    authority_strategy,
    circuit_breaker_strategy,
    fallback,
    hot_parameter_strategy,
    rate_limit_strategy,
    target,
    throttling_strategy,
)
from fairlead.kinds.admission import authored
from fairlead.kinds.binding import bound_app, needs_an_app, selects_by_app_only
from fairlead.kinds.concurrency_limit_strategy import ConcurrencyLimitStrategySpec
from fairlead.kinds.fallback import FallbackChoice
from fairlead.kinds.fault_tolerance_rule import joined
from fairlead.kinds.kind import AGE, ENFORCED, LIVE, NAME, Column, Kind, Plain, Resource, child
from fairlead.kinds.mode import DESCRIPTION, MODE, Mode
from fairlead.kinds.spec import Labels, Spec
from fairlead.kinds.strategy import Check, StrategySpec, selection_violations
from fairlead.kinds.target import Targets
from fairlead.kinds.violation import Violation
from fairlead.policy.rule import ENFORCE
from fairlead.policy.workload import DEFAULT_NAMESPACE

CHECKS: dict[str, Check] = {
    "rateLimit": rate_limit_strategy.violations,
    "throttling": throttling_strategy.violations,
    "concurrencyLimit": selection_violations,
    "circuitBreaker": circuit_breaker_strategy.violations,
    "hotParameter": hot_parameter_strategy.violations,
    "authority": authority_strategy.violations,
    "overloadProtection": overload.violations,
}
"""The strategies, and what is checked across the fields of each."""


class FlowStrategy(Spec):
    """One strategy; its fields are those of the spec of the kind of that name."""

    elsewhere: ClassVar = {
        "mode": "write it into the strategy, as in rateLimit: {mode: simulate}, or for all "
        "strategies as spec.mode"
    }

    rate_limit: rate_limit_strategy.RateLimitStrategySpec | None = Field(
        default=None, alias="rateLimit", description="As a RateLimitStrategy."
    )
    throttling: throttling_strategy.ThrottlingStrategySpec | None = Field(
        default=None, description="As a ThrottlingStrategy."
    )
    concurrency_limit: ConcurrencyLimitStrategySpec | None = Field(
        default=None, alias="concurrencyLimit", description="As a ConcurrencyLimitStrategy."
    )
    circuit_breaker: circuit_breaker_strategy.CircuitBreakerStrategySpec | None = Field(
        default=None, alias="circuitBreaker", description="As a CircuitBreakerStrategy."
    )
    hot_parameter: hot_parameter_strategy.HotParameterStrategySpec | None = Field(
        default=None, alias="hotParameter", description="As a HotParameterStrategy."
    )
    authority: authority_strategy.AuthorityStrategySpec | None = Field(
        default=None, description="As an AuthorityStrategy."
    )
    overload_protection: overload.AdaptiveOverloadProtectionStrategySpec | None = Field(
        default=None,
        alias="overloadProtection",
        description="As an AdaptiveOverloadProtectionStrategy.",
    )

    @property
    def chosen(self) -> tuple[str, StrategySpec]:
        """The strategy, and its name in YAML."""
        for name, field in type(self).model_fields.items():
            found = getattr(self, name)
            if isinstance(found, StrategySpec):
                return field.alias or name, found
        raise AssertionError("it was admitted with exactly one")


class FlowControlSpec(Spec):
    """Every target is guarded by every strategy. OpenSergo names the kind; its schema is ours."""

    selector: Labels | None = Field(
        default=None,
        description="The app, as `app`. A label `app` of the object wins over it.",
    )
    targets: Targets = Field(description="Resources that are guarded.")
    strategies: Annotated[tuple[FlowStrategy, ...], Field(strict=False)] = Field(
        min_length=1, max_length=64, description="What guards them, one strategy each."
    )
    fallback: FallbackChoice | None = Field(
        default=None,
        description="The answer to what is rejected: behavior and behaviorDesc as in an "
        "HttpRequestFallbackAction, or the name of one. Without one: 429.",
    )
    mode: Mode = Field(
        default=ENFORCE,
        description=f"{DESCRIPTION} Of a strategy's own mode and this one, the one that enforces "
        "less counts.",
    )


def violations(plain: Plain) -> Iterator[Violation]:
    """Check targets, strategies and the answer where they stand."""
    spec = child(plain, "spec")
    yield from target.violations(spec.get("targets"), ("spec", "targets"))
    yield from fallback.violations(spec.get("fallback"), ("spec", "fallback"))
    found = spec.get("strategies")
    for position, item in enumerate(found if isinstance(found, list) else ()):
        loc = ("spec", "strategies", position)
        named = [name for name in CHECKS if child(item).get(name) is not None]
        if isinstance(item, dict) and len(named) != 1:
            has = " and ".join(named) or "none"
            message = f"needs exactly one of {', '.join(CHECKS)}; has {has}"
            yield Violation(loc=loc, message=message)
        for name in named:
            if isinstance(item[name], dict):
                yield from CHECKS[name](item[name], (*loc, name))


def _resources(plain: Plain, now: datetime) -> str:
    del now
    return joined(plain, "targets", "targetResourceName")


def _strategies(plain: Plain, now: datetime) -> str:
    del now
    found = child(plain, "spec").get("strategies")
    names = (name for item in (found if isinstance(found, list) else ()) for name in child(item))
    return ",".join(dict.fromkeys(names))


KIND: Kind[FlowControlSpec] = Kind(
    group="fault-tolerance.opensergo.io",
    version="v1alpha1",
    kind="FlowControl",
    plural="flowcontrols",
    singular="flowcontrol",
    short_names=("fc",),
    spec=FlowControlSpec,
    rules=(needs_an_app, selects_by_app_only, violations),
    columns=(
        NAME,
        Column(name="App", description="App it guards.", cell=lambda plain, _: bound_app(plain)),
        Column(name="Targets", description="Resources it guards.", cell=_resources),
        Column(name="Strategies", description="What guards them.", cell=_strategies),
        MODE,
        ENFORCED,
        LIVE,
        AGE,
    ),
)


def FlowControl(  # noqa: N802, PLR0913 - reads as the kind it makes, field by field
    *,
    name: str,
    namespace: str = DEFAULT_NAMESPACE,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    selector: Mapping[str, str] | None = None,
    targets: Sequence[str | Mapping[str, Any]],
    strategies: Sequence[Mapping[str, Mapping[str, Any]]],
    fallback: str | Mapping[str, Any] | None = None,
    mode: str = ENFORCE,
) -> Resource[FlowControlSpec]:
    """Return the rule, equal to the same one from YAML. Raises InvalidResource.

    Strategies have the shape of YAML: ``{"rateLimit": {"threshold": 5, "statDuration": "1s"}}``.
    """
    metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations}
    spec = {
        "selector": selector,
        "targets": [
            {"targetResourceName": one} if isinstance(one, str) else one for one in targets
        ],
        "strategies": strategies,
        "fallback": fallback,
        "mode": mode,
    }
    return authored(KIND, metadata, spec)
