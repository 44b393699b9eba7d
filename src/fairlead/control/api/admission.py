"""Decides whether an author's object may be stored, and how much is said when it may not.

`fieldValidation` is Kubernetes': with ``Strict``, what kubectl asks for, unknown and repeated
fields are violations like any other; with ``Warn`` they are left out and told of, with ``Ignore``
they are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fairlead.control.api.served import Fault, Served
from fairlead.control.api.status import Cause, bad_request, invalid, not_allowed
from fairlead.control.store import Object


class Validation(StrEnum):
    """What to do about fields that a kind does not have, or that a body gives twice."""

    STRICT = "Strict"
    WARN = "Warn"
    IGNORE = "Ignore"


@dataclass(slots=True, kw_only=True)
class Admission:
    """One request's way through admission; collects the warnings to send along."""

    validation: Validation = Validation.WARN
    repeated: tuple[str, ...] = ()
    """Names of fields that the body's text gives twice in one object."""
    warnings: list[str]

    @classmethod
    def asked(cls, text: str | None) -> Admission:
        """Read the request's `fieldValidation`; without one it is Warn, as in Kubernetes."""
        try:
            return cls(validation=Validation(text or "Warn"), warnings=[])
        except ValueError as error:
            allowed = ", ".join(Validation)
            raise bad_request(f"fieldValidation {text!r}: allowed are {allowed}") from error

    def admit(self, served: Served, own: Object) -> Object:
        """Return what may be stored of the author's part. Raises Refused with every violation."""
        if served.inspect is None:
            raise not_allowed("write", served.resource)
        faults = list(served.inspect(own))
        repeated = [_repeated(name) for name in self.repeated]
        if self.validation is not Validation.STRICT:
            unknown = [fault for fault in faults if fault.unknown]
            if self.validation is Validation.WARN:
                told = [*repeated, *(fault.cause for fault in unknown)]
                self.warnings.extend(str(cause) for cause in told)
            repeated = []
            if unknown:
                own = without(own, [fault.loc for fault in unknown])
                faults = list(served.inspect(own))
        causes = [*repeated, *(fault.cause for fault in faults)]
        if causes:
            name = own["metadata"].get("name")
            raise invalid(served.body_subject(name if isinstance(name, str) else ""), causes)
        return own


def without(plain: Any, locs: Sequence[tuple[str | int, ...]]) -> Any:
    """Return `plain` without the fields at `locs`; a path that leads nowhere is passed over."""
    for loc in locs:
        plain = _without(plain, loc)
    return plain


def _without(plain: Any, loc: tuple[str | int, ...]) -> Any:
    if not loc:
        return plain
    first, rest = loc[0], loc[1:]
    if isinstance(plain, dict) and first in plain:
        if rest:
            return {**plain, first: _without(plain[str(first)], rest)}
        return {name: value for name, value in plain.items() if name != first}
    if isinstance(plain, list) and isinstance(first, int) and first < len(plain) and rest:
        return [_without(item, rest) if i == first else item for i, item in enumerate(plain)]
    return plain


def _repeated(name: str) -> Cause:
    return Cause(
        reason="FieldValueDuplicate",
        field="",
        message=f"duplicate field {name!r}: written twice in one object, one of them would be lost",
    )


__all__ = ["Admission", "Fault", "Validation", "without"]
