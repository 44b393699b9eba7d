"""Cases of a file in the notation of flow-cases.yaml, as they stand there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

SHARED = Path(__file__).with_name("flow-cases.yaml")


class Skip(Exception):
    """A case that cannot be executed against this engine, and why."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case; `fields` is all of it but for id, family and dialect."""

    id: str
    family: str
    dialect: str
    fields: Mapping[str, Any] = field(default_factory=dict)


def read(path: Path = SHARED) -> tuple[Case, ...]:
    """Return the cases of a file. Raises ValueError where it is none, or an id comes twice."""
    plain = yaml.safe_load(path.read_text("utf-8"))
    entries = plain.get("cases") if isinstance(plain, dict) else None
    if not isinstance(entries, list):
        raise ValueError(f"{path}: no list named cases")  # noqa: TRY004
    cases = []
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict) or "id" not in entry:
            raise ValueError(f"{path}: cases[{number}] has no id")
        rest = dict(entry)
        name, family, dialect = (str(rest.pop(word, "")) for word in ("id", "family", "dialect"))
        cases.append(Case(name, family, dialect, rest))
    twice = {case.id for case in cases if sum(case.id == other.id for other in cases) > 1}
    if twice:
        raise ValueError(f"{path}: {', '.join(sorted(twice))}: more than once")
    return tuple(cases)


class Fields:
    """A mapping that is read field by field: what nobody has read is not understood."""

    def __init__(self, plain: Mapping[str, Any], what: str) -> None:
        self._rest = dict(plain)
        self._what = what

    def take(self, name: str, default: Any = None) -> Any:
        """Return a field, or `default`."""
        return self._rest.pop(name, default)

    def need(self, name: str) -> Any:
        """Return a field. Raises Skip where there is none."""
        if name not in self._rest:
            raise Skip(f"{self._what} has no {name}")
        return self._rest.pop(name)

    def has(self, *names: str) -> bool:
        """Tell whether one of these is still there."""
        return any(name in self._rest for name in names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rest)

    def end(self) -> None:
        """Raise Skip where something was not understood."""
        if self._rest:
            raise Skip(f"{self._what} has {', '.join(self._rest)}: no word of this interpreter")
