"""The kinds that people write, as the API serves them: admitted by `kinds`, read from its YAML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, TypeAlias

from fairlead.control.api.served import Fault, Served
from fairlead.control.api.status import Cause, Refused, bad_request
from fairlead.control.store import Object
from fairlead.kinds import KINDS, Column, InvalidResource, Kind, Violation
from fairlead.kinds.admission import admit
from fairlead.kinds.binding import bound_app
from fairlead.kinds.document import read_documents
from fairlead.kinds.kind import Plain, text_at
from fairlead.kinds.schema import object_schema
from fairlead.kinds.traffic_lane import lane_of

LANES: Mapping[str, Callable[[Plain], str]] = {
    "TrafficLane": lane_of,
    "TrafficLabelRule": lambda plain: text_at(plain, "spec", "trafficLabel"),
}
"""Kinds that put an entry's requests on a lane, and where they name it."""

_UNKNOWN, _REQUIRED = "unknown field", "required"


Share: TypeAlias = Callable[[str, str, str], float | None]
"""Part of an entry app's requests that took a lane: namespace, app, lane."""


def authored_kinds(share: Share) -> Iterator[Served]:
    """Yield every kind of the catalogue, writable."""
    for kind in KINDS:
        lane = LANES.get(kind.kind)
        yield Served(
            kind=kind,
            schema=object_schema(kind),
            inspect=partial(inspect, kind),
            extra_columns=(_share_column(lane, share),) if lane else (),
        )


def _share_column(lane: Callable[[Plain], str], share: Share) -> Column:
    def cell(plain: Plain, now: datetime) -> str:
        del now
        part = share(text_at(plain, "metadata", "namespace"), bound_app(plain), lane(plain))
        return "-" if part is None else f"{100 * part:.1f}%"

    description = "Part of the entry's requests that took the lane, since the server started."
    return Column(name="Share", priority=1, description=description, cell=cell)


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
