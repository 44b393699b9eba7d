"""What somebody may ask about themselves: ``kubectl auth whoami`` and ``kubectl auth can-i``.

kubectl asks in Protocol Buffers and reads the answer as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fairlead.control.access.caller import caller_of
from fairlead.control.access.protobuf import MAGIC, NotProtobuf, messages
from fairlead.control.access.roles import READ, TOKENS, WRITE, Attributes
from fairlead.control.api import body as bodies
from fairlead.control.api.status import bad_request, json_response, unsupported_media_type
from fairlead.control.store import Object

BODY_LIMIT = 64 << 10
PROTOBUF = "application/vnd.kubernetes.protobuf"

AUTHENTICATION, AUTHORIZATION = "authentication.k8s.io/v1", "authorization.k8s.io/v1"

_RESOURCE = {1: "namespace", 2: "verb", 3: "group", 5: "resource", 6: "subresource", 7: "name"}
_PATH = {1: "path", 2: "verb"}
"""Numbers of the fields in the two forms of the question."""


def review_routes() -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield Route(f"/apis/{AUTHENTICATION}/selfsubjectreviews", whoami, methods=["POST"])
    yield Route(f"/apis/{AUTHORIZATION}/selfsubjectaccessreviews", can_i, methods=["POST"])


async def whoami(request: Request) -> Response:
    """Say who the caller is."""
    await bodies.read(request, BODY_LIMIT)
    caller = caller_of(request)
    groups = ["system:authenticated"] if caller.identity else ["system:unauthenticated"]
    user = {
        "username": caller.name,
        "uid": caller.uid,
        "groups": [*groups, *(f"fairlead:{grant}" for grant in caller.grants)],
    }
    return _answer(AUTHENTICATION, "SelfSubjectReview", {"status": {"userInfo": user}})


async def can_i(request: Request) -> Response:
    """Say whether the caller may do something."""
    spec = _spec(request, await bodies.read(request, BODY_LIMIT))
    caller = caller_of(request)
    asked = list(_asked(spec))
    if not asked:
        raise bad_request("spec: give resourceAttributes or nonResourceAttributes")
    status = {"allowed": all(caller.may(one) for one in asked)}
    return _answer(AUTHORIZATION, "SelfSubjectAccessReview", {"spec": spec, "status": status})


def _asked(spec: Object) -> Iterator[Attributes]:
    path, resource = spec.get("nonResourceAttributes"), spec.get("resourceAttributes")
    if path:
        yield Attributes(verb=path["verb"], path=path["path"])
    elif resource:
        verbs = sorted(READ | WRITE) if resource["verb"] == "*" else [resource["verb"]]
        given = dict(resource)
        if "*" in (resource["resource"], resource["group"]):
            # Everything is only an admin's, who is known by what nobody else may do.
            given["resource"], _, given["group"] = TOKENS.partition(".")
        for verb in verbs:
            yield Attributes(**{**given, "verb": verb, "path": ""})


def _spec(request: Request, body: bytes) -> Object:
    """Return the question in plain form, with every field that is known. Raises Refused."""
    kind = bodies.media_type(request)
    if kind == PROTOBUF:
        return _spec_of_protobuf(body)
    if kind not in bodies.JSON_TYPES:
        raise unsupported_media_type(f"a review is sent as application/json or {PROTOBUF}")
    plain = bodies.parse_json(body)[0]
    spec = plain.get("spec") if isinstance(plain, dict) else None
    if not isinstance(spec, dict):
        raise bad_request("spec: required")
    found: Object = {}
    for name, fields in (("resourceAttributes", _RESOURCE), ("nonResourceAttributes", _PATH)):
        given = spec.get(name)
        if isinstance(given, dict):
            found[name] = {field: _text(given.get(field, "")) for field in fields.values()}
    return found


def _spec_of_protobuf(body: bytes) -> Object:
    try:
        if not body.startswith(MAGIC):
            raise NotProtobuf("it does not begin as a Kubernetes object does")
        review = messages(messages(body[len(MAGIC) :]).get(2, b""))
        spec = messages(review.get(2, b""))
        found: Object = {}
        if 1 in spec:
            found["resourceAttributes"] = _texts(messages(spec[1]), _RESOURCE)
        if 2 in spec:
            found["nonResourceAttributes"] = _texts(messages(spec[2]), _PATH)
    except ValueError as error:
        raise bad_request(f"the body is no review: {error}") from error
    return found


def _texts(given: Mapping[int, bytes], fields: Mapping[int, str]) -> Object:
    return {name: given.get(number, b"").decode() for number, name in fields.items()}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise bad_request("the attributes of a review are strings")
    return value


def _answer(version: str, kind: str, rest: Object) -> Response:
    plain = {"kind": kind, "apiVersion": version, "metadata": {"creationTimestamp": None}}
    return json_response(plain | rest, 201)
