"""How much agents measure: changed while they run, kept in the store, told on their streams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from http import HTTPStatus
from typing import Any

from fairlead.control.api.status import Cause, Refused
from fairlead.control.store import Author, Conflict, Key, Object, Store, Write
from fairlead.protocols.watch.codec import Telemetry
from fairlead.protocols.watch.report import MOST_ROWS

KEY = Key("telemetrysettings.fairlead.io", "", "telemetry")
"""Kept in the store, served by an endpoint of its own."""


class Knobs:
    """What everybody measures."""

    def __init__(self, store: Store, changed: Callable[[], None] = lambda: None) -> None:
        """Read what is stored; `changed` hears of a new one."""
        self._store, self.changed = store, changed
        stored = store.get(KEY)
        self.telemetry = _read(stored.object) if stored else Telemetry()

    def shown(self) -> Object:
        """Return what can be changed."""
        plain = asdict(self.telemetry)
        for whose in ("every", "tap"):  # by who watches
            del plain[whose]
        return plain

    async def put(self, plain: Object, author: Author) -> None:
        """Change what `plain` names. Raises Refused, Busy or StoreFailed."""
        wanted = _checked(self.telemetry, plain)
        while True:
            stored = self._store.get(KEY)
            value = asdict(wanted)
            try:
                expected = stored.revision if stored else 0
                write = Write(key=KEY, object=value, expected=expected, author=author)
                await self._store.write(write)
            except Conflict:
                continue
            break
        self.telemetry = wanted
        self.changed()


def _checked(before: Telemetry, plain: Object) -> Telemetry:
    causes = []
    given: dict[str, Any] = {}
    for name, value in plain.items():
        why = _problem(name, value)
        if why:
            causes.append(Cause(reason="FieldValueInvalid", field=name[:80], message=why))
        else:
            given[name] = value
    if causes:
        code, text = HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(map(str, causes))
        raise Refused(code, "Invalid", f"the settings are refused: {text}", causes=causes)
    return replace(before, **given)


def _problem(name: str, value: Any) -> str:
    if name == "interfaces":
        whole = type(value) is int and 1 <= value <= MOST_ROWS
        return "" if whole else f"must be a whole number from 1 to {MOST_ROWS}"
    if name in ("sampling", "access_log"):
        share = type(value) in (int, float) and 0 <= value <= 1
        return "" if share else "must be a share from 0 to 1"
    return "there is no such setting; there are interfaces, sampling and access_log"


def _read(plain: Object) -> Telemetry:
    known = {key: plain[key] for key in Telemetry.__dataclass_fields__ if key in plain}
    return replace(Telemetry(), **known)
