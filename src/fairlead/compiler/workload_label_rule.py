"""WorkloadLabelRule: labels for workloads, or what a table or a database is the shadow of.

A shadow is beside what it shadows, on the same server, and tells it by its name (contract 14, 15).
"""

from __future__ import annotations

from fairlead.compiler.labels import pairs
from fairlead.compiler.part import Labelling, Part
from fairlead.kinds import Resource
from fairlead.kinds.workload_label_rule import DATABASE_KEYS, KIND, WorkloadLabelRuleSpec
from fairlead.policy.database import Database, ShadowDatabase, ShadowTable


def compile_workload_label_rule(resource: Resource[WorkloadLabelRuleSpec]) -> Part:
    """Return what a WorkloadLabelRule compiles to."""
    spec = resource.spec
    if spec.of_database:
        return _shadow(resource)
    selector = {key: value for key, value in spec.selector.items() if key != "app"}
    labelling = Labelling(
        app=spec.selector.get("app", ""), selector=pairs(selector), labels=spec.workload_labels
    )
    return Part(resource=resource, labelling=labelling)


def _shadow(resource: Resource[WorkloadLabelRuleSpec]) -> Part:
    spec, rule = resource.spec, f"{KIND.kind}/{resource.name}"
    (lane,) = spec.workload_labels
    ignored = _not_honoured(spec)
    if not spec.table:
        # A lane may hold a dash itself: it is the end that is cut off, whichever sign it has.
        source = Database(name=spec.database[: -len(lane) - 1])
        shadow = Database(name=spec.database)
        database = ShadowDatabase(rule=rule, lane=lane, source=source, shadow=shadow)
        return Part(resource=resource, shadow_databases=(database,), not_honoured=ignored)
    table = ShadowTable(
        rule=rule,
        lane=lane,
        database=spec.database,
        table=spec.table.removesuffix(f"_{lane}"),
        shadow=spec.table,
    )
    return Part(resource=resource, shadow_tables=(table,), not_honoured=ignored)


def _not_honoured(spec: WorkloadLabelRuleSpec) -> tuple[str, ...]:
    others = sorted(key for key in spec.selector if key not in (*DATABASE_KEYS, "table"))
    if not others:
        return ()
    return (f"selector {', '.join(others)}: a shadow is for every workload of the namespace",)
