"""What somebody may ask about themselves: ``kubectl auth whoami``, ``can-i`` and ``can-i --list``.

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
from fairlead.control.access.rules import everything, path_rules, resource_rules
from fairlead.control.api import body as bodies
from fairlead.control.api.status import bad_request, json_response, unsupported_media_type
from fairlead.control.store import Object

BODY_LIMIT = 64 << 10
PROTOBUF = "application/vnd.kubernetes.protobuf"

AUTHENTICATION, AUTHORIZATION = "authentication.k8s.io/v1", "authorization.k8s.io/v1"

_RESOURCE = {1: "namespace", 2: "verb", 3: "group", 5: "resource", 6: "subresource", 7: "name"}
_PATH = {1: "path", 2: "verb"}
"""Numbers of the fields in the two forms of the question."""

_FORMS = ((1, "resourceAttributes", _RESOURCE), (2, "nonResourceAttributes", _PATH))


def review_routes() -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield Route(f"/apis/{AUTHENTICATION}/selfsubjectreviews", whoami, methods=["POST"])
    yield Route(f"/apis/{AUTHORIZATION}/selfsubjectaccessreviews", can_i, methods=["POST"])
    yield Route(f"/apis/{AUTHORIZATION}/selfsubjectrulesreviews", list_rules, methods=["POST"])


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


async def list_rules(request: Request) -> Response:
    """Say everything that the caller may do in a namespace; without one, in all of them."""
    body = await bodies.read(request, BODY_LIMIT)
    if bodies.media_type(request) == PROTOBUF:
        namespace = _texts(_protobuf(body), {1: "namespace"})["namespace"]
    else:
        namespace = _text(_plain(request, body).get("namespace", ""))
    caller = caller_of(request)
    resources, paths = (
        everything()
        if caller.trusted
        else (resource_rules(caller.may, namespace), path_rules(caller.may))
    )
    status = {"resourceRules": resources, "nonResourceRules": paths, "incomplete": False}
    rest = {"spec": {"namespace": namespace}, "status": status}
    return _answer(AUTHORIZATION, "SelfSubjectRulesReview", rest)


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
    found: Object = {}
    if bodies.media_type(request) == PROTOBUF:
        asked = _protobuf(body)
        for number, name, fields in _FORMS:
            if number in asked:
                found[name] = _texts(_message(asked[number]), fields)
        return found
    spec = _plain(request, body)
    for _, name, fields in _FORMS:
        given = spec.get(name)
        if isinstance(given, dict):
            found[name] = {field: _text(given.get(field, "")) for field in fields.values()}
    return found


def _plain(request: Request, body: bytes) -> Object:
    """Return the spec of a review in JSON. Raises Refused."""
    if bodies.media_type(request) not in bodies.JSON_TYPES:
        raise unsupported_media_type(f"a review is sent as application/json or {PROTOBUF}")
    plain = bodies.parse_json(body)[0]
    spec = plain.get("spec") if isinstance(plain, dict) else None
    if not isinstance(spec, dict):
        raise bad_request("spec: required")
    return spec


def _protobuf(body: bytes) -> Mapping[int, bytes]:
    """Return the fields of the spec of a review. Raises Refused."""
    if not body.startswith(MAGIC):
        raise bad_request("the body is no review: it does not begin as a Kubernetes object does")
    review = _message(_message(body[len(MAGIC) :]).get(2, b""))
    return _message(review.get(2, b""))


def _message(data: bytes) -> Mapping[int, bytes]:
    try:
        return messages(data)
    except NotProtobuf as error:
        raise bad_request(f"the body is no review: {error}") from error


def _texts(given: Mapping[int, bytes], fields: Mapping[int, str]) -> Object:
    try:
        return {name: given.get(number, b"").decode() for number, name in fields.items()}
    except UnicodeDecodeError as error:
        raise bad_request(f"the body is no review: {error}") from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise bad_request("the attributes of a review are strings")
    return value


def _answer(version: str, kind: str, rest: Object) -> Response:
    plain = {"kind": kind, "apiVersion": version, "metadata": {"creationTimestamp": None}}
    return json_response(plain | rest, 201)
