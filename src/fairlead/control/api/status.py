"""Refusals, as the Status objects that kubectl and client libraries understand.

A handler raises Refused; one place turns it into a response. Reasons and codes are Kubernetes':
clients branch on them (`AlreadyExists`, `Conflict`, `Expired`), people read the message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

from fairlead.control.store import Object


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One thing that is wrong with a body: a Kubernetes cause reason, a field path, and why."""

    reason: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a refusal is about."""

    group: str = ""
    kind: str = ""
    """The plural for refusals about a resource, the kind for refusals about a body."""
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}.{self.group}" if self.group else self.kind


class Refused(Exception):
    """A request that is answered with a Status and changes nothing."""

    def __init__(
        self,
        code: HTTPStatus,
        reason: str,
        message: str,
        *,
        subject: Subject | None = None,
        causes: Sequence[Cause] = (),
    ) -> None:
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message
        self.subject, self.causes = subject, tuple(causes)
        self.more = ""
        """A `continue` that a list can go on with."""
        self.retry_after = 0
        """Seconds after which it may be tried again; 0 where nothing will be different then."""

    def status(self) -> Object:
        """Return the Status object."""
        details: dict[str, Any] = {}
        if self.subject is not None:
            fields = {"name": self.subject.name, "group": self.subject.group}
            details = {key: value for key, value in fields.items() if value}
            details["kind"] = self.subject.kind
        if self.causes:
            details["causes"] = [
                {"reason": cause.reason, "message": cause.message, "field": cause.field}
                for cause in self.causes
            ]
        if self.retry_after:
            details["retryAfterSeconds"] = self.retry_after
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {"continue": self.more} if self.more else {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "details": details,
            "code": int(self.code),
        }

    def response(self) -> Response:
        """Return the Status as an HTTP response."""
        response = json_response(self.status(), self.code)
        if self.retry_after:
            response.headers["retry-after"] = str(self.retry_after)
        return response


def json_response(value: Any, code: int = 200, media_type: str = "application/json") -> Response:
    """Return plain data as a JSON response."""
    return Response(orjson.dumps(value), status_code=code, media_type=media_type)


def bad_request(message: str) -> Refused:
    """The request makes no sense, whatever is stored."""
    return Refused(HTTPStatus.BAD_REQUEST, "BadRequest", message)


def no_such_path(path: str) -> Refused:
    """Nothing is served there."""
    message = f"the server could not find the requested resource: {path}"
    return Refused(HTTPStatus.NOT_FOUND, "NotFound", message)


def not_found(subject: Subject) -> Refused:
    """The object is not there."""
    message = f'{subject} "{subject.name}" not found'
    return Refused(HTTPStatus.NOT_FOUND, "NotFound", message, subject=subject)


def already_exists(subject: Subject) -> Refused:
    """A create hit an object of that name."""
    message = f'{subject} "{subject.name}" already exists'
    return Refused(HTTPStatus.CONFLICT, "AlreadyExists", message, subject=subject)


def conflict(subject: Subject, why: str) -> Refused:
    """Somebody else changed the object."""
    message = f'Operation cannot be fulfilled on {subject} "{subject.name}": {why}'
    return Refused(HTTPStatus.CONFLICT, "Conflict", message, subject=subject)


def invalid(subject: Subject, causes: Sequence[Cause]) -> Refused:
    """The body breaks rules of its kind: all of them are named."""
    told = [str(cause) for cause in causes]
    text = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    message = f'{subject} "{subject.name}" is invalid: {text}'
    code = HTTPStatus.UNPROCESSABLE_ENTITY
    return Refused(code, "Invalid", message, subject=subject, causes=causes)


def invalid_option(kind: str, name: str, message: str) -> Refused:
    """An option of a request is wrong; `kind` is Kubernetes' for all of them: `ListOptions`."""
    cause = Cause(reason="FieldValueInvalid", field=name, message=message)
    return invalid(Subject(group="meta.k8s.io", kind=kind), [cause])


def expired(message: str) -> Refused:
    """A watch cannot go on from where it left off."""
    return Refused(HTTPStatus.GONE, "Expired", message)


def too_new(revision: int, current: int) -> Refused:
    """What is asked for is still to come, or of another store: clients list anew."""
    cause = Cause(reason="ResourceVersionTooLarge", field="", message="Too large resource version")
    message = f"Too large resource version: {revision}, current: {current}"
    refused = Refused(HTTPStatus.GATEWAY_TIMEOUT, "Timeout", message, causes=[cause])
    refused.retry_after = 1
    return refused


def unsupported_media_type(message: str) -> Refused:
    """The body is of a type that is not read here."""
    return Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message)


def too_large(message: str) -> Refused:
    """The body is larger than an object may be."""
    code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return Refused(code, "RequestEntityTooLarge", message)


def not_allowed(method: str, path: str) -> Refused:
    """The path is served, but not with that method."""
    message = f"the server does not allow this method on the requested resource: {method} {path}"
    return Refused(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed", message)


def forbidden(message: str) -> Refused:
    """The request is understood and not wanted."""
    return Refused(HTTPStatus.FORBIDDEN, "Forbidden", message)


def too_many(message: str) -> Refused:
    """As much is under way, or there, as may be: try again in a second."""
    refused = Refused(HTTPStatus.TOO_MANY_REQUESTS, "TooManyRequests", message)
    refused.retry_after = 1
    return refused
