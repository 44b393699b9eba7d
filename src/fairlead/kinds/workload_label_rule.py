"""WorkloadLabelRule: give labels to a group of workloads, or mark a database or table as a shadow.

OpenSergo, June 2022 (its article's example loads unchanged). A label is a value of the key `tag`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field

from fairlead.kinds.admission import authored
from fairlead.kinds.kind import AGE, LIVE, MEMBERS, NAME, Column, Kind, Plain, Resource, child
from fairlead.kinds.names import printable, qualified_key
from fairlead.kinds.spec import Lane, Spec, checked
from fairlead.kinds.violation import Violation
from fairlead.policy.workload import DEFAULT_NAMESPACE

DATABASE_KEYS = ("db", "database")
"""Two spellings of the same: OpenSergo's article and its specification."""

_DATABASE_SELECTOR = (*DATABASE_KEYS, "table")


class WorkloadLabelRuleSpec(Spec):
    """Workloads, or the database or table, that meet the selector carry these labels."""

    workload_labels: Annotated[tuple[Lane, ...], Field(strict=False)] = Field(
        alias="workloadLabels", min_length=1, max_length=64, description="Labels to give."
    )
    selector: dict[Annotated[str, checked(qualified_key)], Annotated[str, checked(printable)]] = (
        Field(
            min_length=1,
            description="Which: `app` and labels of workloads in the namespace; or `db`, with or "
            "without `table`, for a shadow of a database or a table.",
        )
    )

    @property
    def of_database(self) -> bool:
        """Whether the selector names a database and not workloads."""
        return any(key in self.selector for key in _DATABASE_SELECTOR)

    @property
    def database(self) -> str:
        """Database the selector names, ``""`` for none."""
        return next((self.selector[key] for key in DATABASE_KEYS if key in self.selector), "")

    @property
    def table(self) -> str:
        """Table the selector names, ``""`` for none."""
        return self.selector.get("table", "")


def violations(plain: Plain) -> Iterator[Violation]:
    """Check that a shadow can be told from what it shadows by its name (contract 14, 15)."""
    selector = child(plain, "spec", "selector")
    loc = ("spec", "selector")
    if all(key in selector for key in DATABASE_KEYS):
        yield Violation(loc=(*loc, "database"), message="says the same as db: remove one")
    names = [key for key in _DATABASE_SELECTOR if key in selector]
    if not names:
        return
    if names == ["table"]:
        yield Violation(loc=(*loc, "db"), message="required: the database that the table is in")
    labels = child(plain, "spec").get("workloadLabels")
    if not isinstance(labels, list):
        return
    if len(labels) != 1:
        message = f"a shadow has exactly one label, this one has {len(labels)}"
        yield Violation(loc=("spec", "workloadLabels"), message=message)
    elif isinstance(labels[0], str):
        yield from _suffix_violations(names[-1], selector[names[-1]], labels[0])


def _suffix_violations(key: str, name: object, label: str) -> Iterator[Violation]:
    endings = (f"_{label}",) if key == "table" else (f"_{label}", f"-{label}")
    if isinstance(name, str) and not (name.endswith(endings) and len(name) > len(endings[0])):
        what = "table" if key == "table" else "database"
        message = (
            f"{name!r} must end in {' or '.join(endings)} after the name of the {what} it shadows"
        )
        yield Violation(loc=("spec", "selector", key), message=message)


def _labels(plain: Plain, now: datetime) -> str:
    del now
    return ",".join(str(label) for label in child(plain, "spec").get("workloadLabels") or ())


def _selector(plain: Plain, now: datetime) -> str:
    del now
    return ",".join(f"{key}={value}" for key, value in child(plain, "spec", "selector").items())


KIND: Kind[WorkloadLabelRuleSpec] = Kind(
    group="traffic.opensergo.io",
    version="v1alpha1",
    kind="WorkloadLabelRule",
    plural="workloadlabelrules",
    singular="workloadlabelrule",
    short_names=("wlr",),
    spec=WorkloadLabelRuleSpec,
    rules=(violations,),
    columns=(
        NAME,
        Column(name="Labels", description="Labels it gives.", cell=_labels),
        Column(name="Selector", description="What it gives them to.", cell=_selector),
        LIVE,
        MEMBERS,
        AGE,
    ),
)


def WorkloadLabelRule(  # noqa: N802 - reads as the kind it makes
    *,
    name: str,
    namespace: str = DEFAULT_NAMESPACE,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    workload_labels: Sequence[str],
    selector: Mapping[str, str],
) -> Resource[WorkloadLabelRuleSpec]:
    """Return the rule, equal to the same one from YAML. Raises InvalidResource."""
    metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations}
    spec = {"workloadLabels": list(workload_labels), "selector": selector}
    return authored(KIND, metadata, spec)
