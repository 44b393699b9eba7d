"""Decides whether an author's object may be stored, and how much is said when it may not.

`fieldValidation` is Kubernetes': with ``Strict``, what kubectl asks for, unknown and repeated
fields are violations like any other; with ``Warn`` they are left out and told of, with ``Ignore``
they are left out. Whoever does not say gets ``Strict``, where Kubernetes warns: a rule that loses a
misspelt field decides about other traffic than its author meant.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from fairlead.control.api.served import Fault, Served
from fairlead.control.api.status import Cause, invalid, invalid_option, not_allowed
from fairlead.control.store import Object

_Tree: TypeAlias = "dict[str | int, _Tree | None]"
"""What to leave out, by the names on the way; None is left out itself."""


class Validation(StrEnum):
    """What to do about fields that a kind does not have, or that a body gives twice."""

    STRICT = "Strict"
    WARN = "Warn"
    IGNORE = "Ignore"


@dataclass(slots=True, kw_only=True)
class Admission:
    """One request's way through admission; collects the warnings to send along."""

    validation: Validation = Validation.STRICT
    repeated: tuple[str, ...] = ()
    """Paths of fields that the body's text gives twice in one object."""
    warnings: list[str]

    @classmethod
    def asked(cls, text: str | None, options: str) -> Admission:
        """Read a request's `fieldValidation`, one of `options`; without one it is Strict."""
        try:
            return cls(validation=Validation(text or Validation.STRICT), warnings=[])
        except ValueError as error:
            allowed = ", ".join(Validation)
            why = f"{text!r:.80} is none of {allowed}"
            raise invalid_option(options, "fieldValidation", why) from error

    def admit(self, served: Served, own: Object) -> Object:
        """Return what may be stored of the author's part. Raises Refused with every violation."""
        if served.inspect is None:
            raise not_allowed("write", served.resource)
        faults = list(served.inspect(own))
        repeated = [_repeated(path) for path in self.repeated]
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


def without(plain: Any, locs: Iterable[tuple[str | int, ...]]) -> Any:
    """Return `plain` without the fields at `locs`; a path that leads nowhere is passed over."""
    tree: _Tree = {}
    for loc in locs:
        branch: _Tree | None = tree
        for part in loc[:-1]:
            branch = branch.setdefault(part, {}) if branch is not None else None
        if branch is not None and loc:
            branch[loc[-1]] = None
    return _pruned(plain, tree)


def _pruned(plain: Any, tree: _Tree) -> Any:
    if isinstance(plain, dict):
        kept = ((name, value) for name, value in plain.items() if tree.get(name, tree) is not None)
        return {name: _pruned(value, tree.get(name) or {}) for name, value in kept}
    if isinstance(plain, list):
        return [_pruned(item, tree.get(i) or {}) for i, item in enumerate(plain)]
    return plain


def _repeated(path: str) -> Cause:
    message = "duplicate field: written twice in one object, one of them would be lost"
    return Cause(reason="FieldValueDuplicate", field=path, message=message)


__all__ = ["Admission", "Fault", "Validation", "without"]
