"""VirtualWorkloads (OpenSergo, September 2022): groups of an app's workloads, for a RouterRule.

Left out of the specification since; VirtualWorkload says the same. Objects of then load unchanged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from fairlead.kinds.authoring import Maker
from fairlead.kinds.kind import AGE, ENFORCED, LIVE, NAME, Column, Kind, Plain, child
from fairlead.kinds.networking import Istio, Later, later
from fairlead.kinds.router_rule import Text, app_cell, selector_violations
from fairlead.kinds.suggestion import choose
from fairlead.kinds.violation import Violation
from fairlead.kinds.virtual_workload import POLICIES, WRITTEN


class WorkloadGroup(Istio):
    """Workloads with the same labels."""

    name: str = Field(min_length=1, max_length=253, description="Its name.")
    target: str = Field(min_length=1, description="What Kubernetes calls them, for people.")
    type: str = Field(min_length=1, description="What they are, for people: deployment.")
    selector: dict[str, str] = Field(
        min_length=1, description="Labels that they have; _base: that they do not have."
    )
    loadbalance: str | None = Field(
        default=None, max_length=64, description="random, roundRobin or leastRequest."
    )
    weight: Later = later("Part of the calls: a RouterRule says it.")
    workloads: Later = later("Groups of groups.")


class VirtualWorkloadsSpec(Istio):
    """Groups of an app's workloads."""

    selector: dict[str, Text] = Field(min_length=1, max_length=1, description="`app`: its name.")
    virtual_workload: Annotated[tuple[WorkloadGroup, ...], Field(strict=False)] = Field(
        min_length=1, max_length=512, description="The groups."
    )

    @property
    def app(self) -> str:
        """The app whose workloads they are."""
        return self.selector["app"].exact or ""


def violations(plain: Plain) -> Iterator[Violation]:
    """Check what types cannot say."""
    spec = child(plain, "spec")
    yield from selector_violations(spec.get("selector"))
    groups = spec.get("virtualWorkload")
    found = [one for one in groups if isinstance(one, dict)] if isinstance(groups, list) else []
    names = Counter(str(one.get("name")) for one in found)
    for place, one in enumerate(found):
        loc = ("spec", "virtualWorkload", place)
        if names[str(one.get("name"))] > 1:
            yield Violation(loc=(*loc, "name"), message=f"{one.get('name')!r} is there twice")
        written = one.get("loadbalance")
        if isinstance(written, str) and written.lower() not in POLICIES:
            message = choose("policy", written, WRITTEN)
            yield Violation(loc=(*loc, "loadbalance"), message=message)


KIND: Kind[VirtualWorkloadsSpec] = Kind(
    group="traffic.opensergo.io",
    version="v1alpha1",
    kind="VirtualWorkloads",
    # What kubectl guesses of the kind's name; the other plural is VirtualWorkload's.
    plural="virtualworkloadses",
    singular="virtualworkloadset",
    short_names=("vws",),
    spec=VirtualWorkloadsSpec,
    rules=(violations,),
    columns=(
        NAME,
        Column(
            name="App",
            description="Whose workloads they are.",
            cell=lambda plain, _: app_cell(plain),
        ),
        ENFORCED,
        LIVE,
        AGE,
    ),
)

VirtualWorkloads = Maker(KIND)
"""Makes one in Python; fields in snake case."""
