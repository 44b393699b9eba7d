"""Shadow: on a lane, connections to one database are made to another one.

OpenSergo, 2022. A lane is named by an algorithm SIMPLE_HINT with the property `lane`, which is
fairlead's. REGEX_MATCH is refused: it would choose rows by the values in them, and a row that it
chose and that is nevertheless written to the source is what a shadow is there to prevent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from fairlead.kinds.admission import authored
from fairlead.kinds.kind import AGE, LIVE, MEMBERS, NAME, Column, Kind, Plain, Resource, child
from fairlead.kinds.names import object_name
from fairlead.kinds.spec import MatchText, Spec, checked, lane_problem
from fairlead.kinds.suggestion import choose
from fairlead.kinds.violation import Violation
from fairlead.policy.workload import DEFAULT_NAMESPACE

SIMPLE_HINT, REGEX_MATCH = "SIMPLE_HINT", "REGEX_MATCH"

LANE = "lane"
"""Property that names the lane."""

_REMEDY = (
    f"name a lane by an algorithm of type {SIMPLE_HINT} with props {{{LANE}: NAME}}: its traffic "
    "goes to the shadows"
)


def _type(text: str) -> str | None:
    if text == REGEX_MATCH:
        return (
            f"{REGEX_MATCH} is not supported: what it would choose by a column's value would be "
            f"written to the source; put such requests on a lane, and {_REMEDY}"
        )
    return None if text == SIMPLE_HINT else choose("type", text, (SIMPLE_HINT,))


_REFERENCES = (
    ("dataSourceNames", "dataSources", "data source"),
    ("shadowAlgorithmNames", "shadowAlgorithms", "algorithm"),
)

_Reference = Annotated[str, checked(object_name)]


class DataSource(Spec):
    """Two databases by the names of their endpoints."""

    source: _Reference = Field(
        alias="sourceDataSourceName", description="DatabaseEndpoint that applications connect to."
    )
    shadow: _Reference = Field(
        alias="shadowDataSourceName", description="DatabaseEndpoint that a lane is led to instead."
    )


class Table(Spec):
    """Where a table is, and what chooses its rows. Lanes move with the whole database."""

    data_source_names: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(), alias="dataSourceNames", description="Keys of dataSources; not honoured."
    )
    algorithm_names: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(),
        alias="shadowAlgorithmNames",
        description="Keys of shadowAlgorithms; not honoured.",
    )


class Algorithm(Spec):
    """What chooses the traffic of the shadows."""

    type: Annotated[str, checked(_type)] = Field(description="SIMPLE_HINT.")
    props: dict[str, MatchText] = Field(
        default_factory=dict, description="Properties; `lane` names the lane."
    )


class ShadowSpec(Spec):
    """On its lanes, connections to the source of each pair are made to the shadow."""

    data_sources: dict[str, DataSource] = Field(
        alias="dataSources", min_length=1, max_length=64, description="Pairs of databases, by name."
    )
    tables: dict[str, Table] | None = Field(
        default=None, description="Tables; not honoured, as lanes move with the whole database."
    )
    algorithms: dict[str, Algorithm] = Field(
        alias="shadowAlgorithms", description="What chooses the traffic, by name."
    )

    @property
    def lanes(self) -> tuple[str, ...]:
        """Lanes whose connections are moved, in order."""
        props = (algorithm.props for algorithm in self.algorithms.values())
        return tuple(sorted({prop[LANE] for prop in props if LANE in prop}))

    @property
    def hints_without_a_lane(self) -> tuple[str, ...]:
        """Algorithms that say nothing to us, by name."""
        return tuple(sorted(n for n, one in self.algorithms.items() if LANE not in one.props))


def violations(plain: Plain) -> Iterator[Violation]:
    """Check that a lane is named, and that the parts of the object agree."""
    yield from _lane_violations(plain)
    yield from _source_violations(plain)
    for name in child(plain, "spec", "tables"):
        for field, of, what in _REFERENCES:
            known = child(plain, "spec", of)
            listed = child(plain, "spec", "tables", name).get(field)
            for position, key in enumerate(listed if isinstance(listed, list) else ()):
                if isinstance(key, str) and key not in known:
                    loc = ("spec", "tables", str(name), field, position)
                    yield Violation(loc=loc, message=choose(what, key, map(str, known)))


def _lane_violations(plain: Plain) -> Iterator[Violation]:
    algorithms = child(plain, "spec", "shadowAlgorithms")
    named = False
    for name in algorithms:
        value = child(algorithms, name, "props").get(LANE)
        if isinstance(value, str | int) and not isinstance(value, bool):
            named = True
            problem = lane_problem(str(value))
            if problem:
                loc = ("spec", "shadowAlgorithms", str(name), "props", LANE)
                yield Violation(loc=loc, message=problem)
    if not named and all(child(algorithms, n).get("type") != REGEX_MATCH for n in algorithms):
        yield Violation(loc=("spec", "shadowAlgorithms"), message=f"names no lane: {_REMEDY}")


def _source_violations(plain: Plain) -> Iterator[Violation]:
    seen: set[str] = set()
    for name in child(plain, "spec", "dataSources"):
        pair = child(plain, "spec", "dataSources", name)
        source, loc = pair.get("sourceDataSourceName"), ("spec", "dataSources", str(name))
        if not isinstance(source, str):
            continue
        if source == pair.get("shadowDataSourceName"):
            message = f"{source} is its own shadow: name two DatabaseEndpoints"
            yield Violation(loc=(*loc, "shadowDataSourceName"), message=message)
        if source in seen:
            message = f"{source} has another shadow here already: remove one"
            yield Violation(loc=(*loc, "sourceDataSourceName"), message=message)
        seen.add(source)


def _lanes(plain: Plain, now: datetime) -> str:
    del now
    algorithms = child(plain, "spec", "shadowAlgorithms")
    found = (child(algorithms, name, "props").get(LANE) for name in algorithms)
    return ",".join(sorted({str(lane) for lane in found if lane is not None}))


def _pairs(plain: Plain, now: datetime) -> str:
    del now
    sources = child(plain, "spec", "dataSources")
    pairs = (child(sources, name) for name in sources)
    return ",".join(
        f"{pair.get('sourceDataSourceName')}→{pair.get('shadowDataSourceName')}" for pair in pairs
    )


KIND: Kind[ShadowSpec] = Kind(
    group="database.opensergo.io",
    version="v1alpha1",
    kind="Shadow",
    plural="shadows",
    singular="shadow",
    short_names=("shd",),
    spec=ShadowSpec,
    rules=(violations,),
    columns=(
        NAME,
        Column(name="Lanes", description="Lanes that are led to the shadows.", cell=_lanes),
        Column(name="Databases", description="Endpoints: source→shadow.", cell=_pairs),
        LIVE,
        MEMBERS,
        AGE,
    ),
)


def Shadow(  # noqa: N802, PLR0913 - reads as the kind it makes, field by field
    *,
    name: str,
    namespace: str = DEFAULT_NAMESPACE,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    data_sources: Mapping[str, Mapping[str, str]],
    tables: Mapping[str, Any] | None = None,
    shadow_algorithms: Mapping[str, Mapping[str, Any]],
) -> Resource[ShadowSpec]:
    """Return the shadow, equal to the same one from YAML. Raises InvalidResource.

    The arguments have the shape of YAML.
    """
    metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations}
    spec = {"dataSources": data_sources, "tables": tables, "shadowAlgorithms": shadow_algorithms}
    return authored(KIND, metadata, spec)
