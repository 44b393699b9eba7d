"""FaultToleranceRule: which strategies guard which resources of an app. OpenSergo, 2022.

Each target is guarded by each strategy. References are by name, within the namespace.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import Field

from fairlead.kinds import fallback, target
from fairlead.kinds.admission import authored
from fairlead.kinds.binding import bound_app, needs_an_app, selects_by_app_only
from fairlead.kinds.fallback import Choice, FallbackChoice
from fairlead.kinds.kind import AGE, ENFORCED, LIVE, NAME, Column, Kind, Plain, Resource, child
from fairlead.kinds.mode import DESCRIPTION, MODE, Mode
from fairlead.kinds.names import object_name
from fairlead.kinds.spec import Labels, Spec, checked
from fairlead.kinds.suggestion import choose
from fairlead.kinds.target import Targets
from fairlead.kinds.violation import Violation
from fairlead.policy.rule import ENFORCE
from fairlead.policy.workload import DEFAULT_NAMESPACE

STRATEGIES = (
    "RateLimitStrategy",
    "ThrottlingStrategy",
    "ConcurrencyLimitStrategy",
    "CircuitBreakerStrategy",
    "HotParameterStrategy",
    "AuthorityStrategy",
    "AdaptiveOverloadProtectionStrategy",
)
"""Kinds that a strategy may be of."""

SHOWN = 5
"""Names of a list that a table shows; the rest is a number."""


def _kind(text: str) -> str | None:
    return None if text in STRATEGIES else choose("kind", text, STRATEGIES)


class StrategyReference(Spec):
    """A strategy of the namespace."""

    elsewhere: ClassVar = {
        "mode": "write it into the strategy's own object, for every rule that names it, or as "
        "spec.mode, for all strategies of this rule"
    }

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
    targets: Targets = Field(description="Resources that are guarded.")
    strategies: Annotated[tuple[StrategyReference, ...], Field(strict=False)] = Field(
        min_length=1, max_length=64, description="What guards them."
    )
    fallback: FallbackChoice | None = Field(
        default=None,
        alias="fallbackAction",
        description="The answer to what is rejected: the name of an HttpRequestFallbackAction, "
        "{name, kind}, its behavior and behaviorDesc, or {http: {customResponse: …}} as in a "
        "policy. Without one: 429.",
    )
    action: FallbackChoice | None = Field(
        default=None, description="The same as fallbackAction, as the protocol calls it."
    )
    mode: Mode = Field(
        default=ENFORCE,
        description=f"{DESCRIPTION} Of a strategy's own mode and this one, the one that enforces "
        "less counts. Our extension.",
    )

    @property
    def answer(self) -> Choice | None:
        """The answer or its name, wherever it was written."""
        return self.action if self.fallback is None else self.fallback


def _resources(plain: Plain, now: datetime) -> str:
    del now
    return joined(plain, "targets", "targetResourceName")


def _strategies(plain: Plain, now: datetime) -> str:
    del now
    return joined(plain, "strategies", "name")


def joined(plain: Plain, field: str, key: str) -> str:
    """Return `key` of the first items of a list of the spec, and how many more there are."""
    found = child(plain, "spec").get(field)
    items = [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []
    more = f",+{len(items) - SHOWN}" if len(items) > SHOWN else ""
    return ",".join(str(item.get(key, "")) for item in items[:SHOWN]) + more


def violations(plain: Plain) -> Iterator[Violation]:
    """Check that nothing is named twice, and what stands in the rule itself."""
    spec = child(plain, "spec")
    yield from target.violations(spec.get("targets"), ("spec", "targets"))
    seen: set[tuple[str, str]] = set()
    found = spec.get("strategies")
    for position, item in enumerate(found if isinstance(found, list) else ()):
        name = (str(child(item).get("name")), str(child(item).get("kind")))
        if name in seen:
            loc = ("spec", "strategies", position, "name")
            yield Violation(loc=loc, message=f"{name[0]} is there already: remove one")
        seen.add(name)
    for field in ("fallbackAction", "action"):
        yield from fallback.violations(spec.get(field), ("spec", field))
    if spec.get("fallbackAction") is not None and spec.get("action") is not None:
        message = "says the same as fallbackAction: remove one"
        yield Violation(loc=("spec", "action"), message=message)


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
        MODE,
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
    targets: Sequence[str | Mapping[str, Any]],
    strategies: Sequence[str | Mapping[str, str]],
    fallback_action: str | Mapping[str, Any] | None = None,
    mode: str = ENFORCE,
) -> Resource[FaultToleranceRuleSpec]:
    """Return the rule, equal to the same one from YAML. Raises InvalidResource.

    A target or a strategy that is more than a name has the shape of YAML.
    """
    metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations}
    spec = {
        "selector": selector,
        "targets": [
            {"targetResourceName": one} if isinstance(one, str) else one for one in targets
        ],
        "strategies": [{"name": one} if isinstance(one, str) else one for one in strategies],
        "fallbackAction": fallback_action,
        "mode": mode,
    }
    return authored(KIND, metadata, spec)
