"""A finding as people and tools read it: as a line, as JSON, as SARIF 2.1.0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fairlead.cli import terminal
from fairlead.compiler.analyze.codes import BY_ID, CODES, PAGE, Code, Severity

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

_COLOURS = {Severity.ERROR: terminal.RED, Severity.WARNING: terminal.YELLOW}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One finding. `source` and `line` (from 1) are empty of what came from a control plane."""

    code: str
    kind: str
    namespace: str
    name: str
    path: str
    message: str
    source: str = ""
    line: int = 0

    @property
    def meaning(self) -> Code:
        """What the code says."""
        return BY_ID[self.code]

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return self.meaning.severity

    @property
    def object(self) -> str:
        """The object, as messages name it."""
        where = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {where}".strip()

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        meaning = self.meaning
        more = {"severity": meaning.severity.value, "remedy": meaning.remedy, "page": meaning.page}
        return {**asdict(self), **more}


def worded(found: Sequence[Found]) -> Iterator[str]:
    """Yield the lines about findings."""
    for one in found:
        place = ":".join(part for part in (one.source, str(one.line or "")) if part)
        severity = terminal.painted(str(one.severity), _COLOURS.get(one.severity, terminal.CYAN))
        words = [one.object, one.path, one.message]
        text = terminal.safe(": ".join(word for word in words if word).replace("\n", " "))
        yield ": ".join(part for part in (place, f"{severity} {one.code}", text) if part)
        yield terminal.painted(f"    {one.meaning.remedy}", terminal.DIM)
    counts = [(severity, sum(one.severity is severity for one in found)) for severity in Severity]
    parts = [f"{n} {severity}{'s' if n > 1 else ''}" for severity, n in counts if n]
    yield ", ".join(parts) if parts else "nothing is wrong that can be seen"
    if found:
        yield f"what each code means: {PAGE}"


def sarif(found: Iterable[Found]) -> dict[str, Any]:
    """Return a log of SARIF 2.1.0 with one run."""
    places = {code.id: place for place, code in enumerate(CODES)}
    driver = {
        "name": "fairlead",
        "version": version("fairlead"),
        "informationUri": PAGE,
        "rules": [_rule(code) for code in CODES],
    }
    results = [_result(one, places[one.code]) for one in found]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: Code) -> dict[str, Any]:
    return {
        "id": code.id,
        "name": code.name,
        "shortDescription": {"text": f"{code.title[0].upper()}{code.title[1:]}."},
        "help": {"text": f"{code.remedy[0].upper()}{code.remedy[1:]}."},
        "helpUri": code.page,
        "defaultConfiguration": {"level": code.severity.value},
    }


def _result(one: Found, place: int) -> dict[str, Any]:
    names = "/".join(part for part in (one.namespace, one.kind, one.name) if part)
    logical = {"name": one.name, "fullyQualifiedName": names, "kind": "object"}
    location: dict[str, Any] = {"logicalLocations": [logical]}
    if one.source:
        physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(one.source)}}
        if one.line:
            physical["region"] = {"startLine": one.line}
        location["physicalLocation"] = physical
    path = f"{one.path}: " if one.path else ""
    return {
        "ruleId": one.code,
        "ruleIndex": place,
        "level": one.severity.value,
        "message": {"text": f"{one.object}: {path}{one.message}"},
        "locations": [location],
    }


def _uri(source: str) -> str:
    path = Path(source)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
