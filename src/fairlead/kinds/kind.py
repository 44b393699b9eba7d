"""Kind and Resource: what can be written, and one thing that was.

A kind is declared once, in a file of its own. REST routes, `kubectl get` columns, the schema and
the command line follow from the declaration; nothing else names a kind's fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from fairlead.kinds.metadata import Metadata
from fairlead.kinds.spec import Spec
from fairlead.kinds.violation import Violation

S = TypeVar("S", bound=Spec)
# A list of a lane and a rule is a list of resources: read-only, so covariant.
S_co = TypeVar("S_co", bound=Spec, covariant=True)

Plain: TypeAlias = Mapping[str, Any]
"""An object as plain JSON values."""

MOST_SHOWN = 3
"""Members that a table names; of the rest it says how many there are."""

Rule: TypeAlias = Callable[[Plain], Iterator[Violation]]
"""A check across fields. It is given what was typed, right or wrong, and skips what it cannot
read: types are refused elsewhere, and both are reported at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of ``kubectl get``. Priority 1 is shown by ``-o wide`` only."""

    name: str
    type: Literal["string", "integer", "date"] = "string"
    priority: int = 0
    description: str = ""
    cell: Callable[[Plain, datetime], str | int]
    """The cell of one stored object, given the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[S_co]):
    """A kind of object: its names, the model of its spec, its checks and its columns."""

    group: str
    version: str
    also: tuple[str, ...] = ()
    """Versions that are read as well, and say the same; what is kept is of `version`."""
    kind: str
    plural: str
    singular: str
    short_names: tuple[str, ...] = ()
    shared: bool = False
    """Whether a kind of another group has the same name, so that it is told apart by its group."""
    namespaced: bool = True
    spec: type[S_co]
    rules: tuple[Rule, ...] = ()
    columns: tuple[Column, ...] = ()

    @property
    def called(self) -> str:
        """Its name among all kinds: ``VirtualService``, and ``Gateway.networking.istio.io``."""
        return f"{self.kind}.{self.group}" if self.shared else self.kind

    @property
    def list_kind(self) -> str:
        """Kind of a list of these objects: ``TrafficLaneList``."""
        return f"{self.kind}List"

    @property
    def api_version(self) -> str:
        """Group and version as objects carry them."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def api_versions(self) -> tuple[str, ...]:
        """Every group and version that objects may carry, the one that is kept first."""
        return (self.api_version, *(f"{self.group}/{version}" for version in self.also))

    @property
    def resource(self) -> str:
        """Plural and group: ``trafficlanes.traffic.opensergo.io``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def row(self, plain: Plain, now: datetime) -> list[str | int]:
        """Return the cells of `plain` in the order of the columns."""
        return [column.cell(plain, now) for column in self.columns]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource(Generic[S_co]):
    """An object that kept all rules of its kind. Equal is what says the same."""

    kind: Kind[S_co]
    metadata: Metadata
    spec: S_co
    plain: dict[str, Any] = field(compare=False, repr=False)
    """The object it was read from, unchanged."""

    @property
    def name(self) -> str:
        """Name of the object."""
        return self.metadata.name

    @property
    def namespace(self) -> str:
        """Namespace of the object."""
        return self.metadata.namespace

    def __str__(self) -> str:
        return f"{self.kind.kind} {self.namespace}/{self.name}"


def child(plain: Any, *path: str) -> Mapping[str, Any]:
    """Return the map at `path` in `plain`, empty where there is no map."""
    for key in path:
        plain = plain.get(key) if isinstance(plain, Mapping) else None
    return plain if isinstance(plain, Mapping) else {}


def text_at(plain: Any, *path: str) -> str:
    """Return the string at `path` in `plain`, ``""`` where there is none."""
    value = child(plain, *path[:-1]).get(path[-1])
    return value if isinstance(value, str) else ""


def age(plain: Plain, now: datetime) -> str:
    """Return how long ago `plain` was created, as kubectl writes it: ``5m``, ``3h``, ``12d``."""
    try:
        created = datetime.fromisoformat(text_at(plain, "metadata", "creationTimestamp"))
    except ValueError:
        return "<unknown>"
    if created.tzinfo is None:
        created = created.replace(tzinfo=UTC)
    seconds = max(0, int((now - created).total_seconds()))
    for size, unit, limit in ((86400, "d", 2), (3600, "h", 3), (60, "m", 2)):
        if seconds >= limit * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def live(plain: Plain, now: datetime) -> str:
    """Return on how many workloads `plain` is in force: the reason-free text of its status.

    The control plane writes it to ``status.live``, as ``3/3``.
    """
    del now
    return text_at(plain, "status", "live") or "-"


def members(plain: Plain, now: datetime) -> str:
    """Return what `plain` selects, as the control plane writes it to ``status.members``."""
    del now
    found = child(plain, "status").get("members")
    names = [str(name) for name in found] if isinstance(found, list) else []
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return f"{', '.join(names[:MOST_SHOWN])}{more}" or "-"


def enforced(plain: Plain, now: datetime) -> str:
    """Return whether all of `plain` is enforced, as the control plane says in its conditions."""
    del now
    found = child(plain, "status").get("conditions")
    for condition in found if isinstance(found, list) else ():
        if child(condition).get("type") == "Enforced":
            return str(condition.get("status", "-"))
    return "-"


NAME = Column(
    name="Name",
    description="Name of the object.",
    cell=lambda plain, _: text_at(plain, "metadata", "name"),
)
ENFORCED = Column(name="Enforced", description="Whether all of it is enforced.", cell=enforced)
LIVE = Column(name="Live", description="Workloads that enforce it, of those it is for.", cell=live)
MEMBERS = Column(name="Members", priority=1, description="What it selects.", cell=members)
AGE = Column(name="Age", description="Time since it was created.", cell=age)
