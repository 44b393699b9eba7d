"""The kinds that people write, as the API serves them: admitted by `kinds`, read from its YAML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from fairlead.control.api.served import Fault, Served
from fairlead.control.api.status import Cause, Refused, bad_request
from fairlead.control.store import Object
from fairlead.kinds import KINDS, InvalidResource, Kind, Violation
from fairlead.kinds.admission import admit
from fairlead.kinds.document import read_documents

_UNKNOWN, _REQUIRED = "unknown field", "required"


def authored_kinds() -> Iterator[Served]:
    """Yield every kind of the catalogue, writable."""
    for kind in KINDS:
        yield Served(kind=kind, schema=_schema(kind), inspect=partial(inspect, kind))


def inspect(kind: Kind[Any], own: Object) -> Sequence[Fault]:
    """Return everything that is wrong with the author's part of an object of `kind`."""
    try:
        admit(kind, own)
    except InvalidResource as error:
        return [_fault(violation) for violation in error.violations]
    return ()


def read_yaml(text: str) -> Any:
    """Return the plain data of the one document in `text`. Raises Refused, naming lines."""
    try:
        documents = read_documents(text)
    except InvalidResource as error:
        raise _unreadable(error.violations) from error
    if len(documents) != 1:
        raise bad_request(f"the body holds {len(documents)} YAML documents, send one at a time")
    if documents[0].violations:
        raise _unreadable(documents[0].violations)
    return documents[0].plain


def _unreadable(violations: Iterable[Violation]) -> Refused:
    causes = [_fault(violation).cause for violation in violations]
    text = "; ".join(map(str, causes))
    code = HTTPStatus.UNPROCESSABLE_ENTITY
    return Refused(code, "Invalid", f"the body is not read: {text}", causes=causes)


def _fault(violation: Violation) -> Fault:
    message = violation.message
    unknown = message.startswith(_UNKNOWN)
    if unknown:
        reason = "FieldValueForbidden"
    elif message.startswith(_REQUIRED):
        reason = "FieldValueRequired"
    else:
        reason = "FieldValueInvalid"
    if violation.line:
        message = f"line {violation.line}: {message}"
    cause = Cause(reason=reason, field=violation.path, message=message)
    return Fault(loc=violation.loc, cause=cause, unknown=unknown)


def _schema(kind: Kind[Any]) -> Object:
    del kind
    return {"type": "object", "properties": {"spec": {"type": "object"}}}
