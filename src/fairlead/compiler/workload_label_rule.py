"""WorkloadLabelRule: labels for workloads. Shadows of databases are only listed as members yet."""

from __future__ import annotations

from fairlead.compiler.labels import pairs
from fairlead.compiler.part import Labelling, Part
from fairlead.kinds import Resource
from fairlead.kinds.workload_label_rule import WorkloadLabelRuleSpec


def compile_workload_label_rule(resource: Resource[WorkloadLabelRuleSpec]) -> Part:
    """Return what a WorkloadLabelRule compiles to."""
    spec = resource.spec
    if spec.of_database:
        return Part(resource=resource, databases=(_database(spec),))
    selector = {key: value for key, value in spec.selector.items() if key != "app"}
    labelling = Labelling(
        app=spec.selector.get("app", ""), selector=pairs(selector), labels=spec.workload_labels
    )
    return Part(resource=resource, labelling=labelling)


def _database(spec: WorkloadLabelRuleSpec) -> str:
    table = spec.selector.get("table")
    return f"table {spec.database}.{table}" if table else f"database {spec.database}"
