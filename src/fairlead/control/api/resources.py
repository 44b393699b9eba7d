"""Create, read, replace, patch and delete objects: the verbs of a Kubernetes-style API.

Refuses before it writes: a body that is wrong in any way leaves everything as it was. A write that
names no resourceVersion is tried again when somebody else was faster; one that names it is not.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from fairlead.control.api import body as bodies
from fairlead.control.api.admission import Admission
from fairlead.control.api.objects import (
    Birth,
    Place,
    check_namespace,
    created,
    expected_revision,
    merge_patch,
    missing_revision,
    replaced,
)
from fairlead.control.api.selectors import selector
from fairlead.control.api.served import Clock, Served
from fairlead.control.api.status import (
    already_exists,
    bad_request,
    conflict,
    forbidden,
    json_response,
    not_found,
    too_large,
    unsupported_media_type,
)
from fairlead.control.api.table import Printer, form_of
from fairlead.control.store import Conflict, Key, Object, Store, Stored, Write

ATTEMPTS = 64
"""Times a write without a resourceVersion is tried before its client is told of the conflict.

Each failure means that another writer of the same object succeeded.
"""

MERGE_PATCH = "application/merge-patch+json"
APPLY_PATCH = ("application/apply-patch+yaml", "application/apply-patch+cbor")
CHANGED = "the object has been modified; please apply your changes to the latest version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """The verbs on one store."""

    store: Store
    clock: Clock
    read_yaml: bodies.ReadYaml
    limit: int
    """Objects of one kind that may be stored."""
    new_uid: Callable[[], str] = field(default=lambda: str(uuid.uuid4()))

    def printer(self, request: Request, served: Served) -> Printer:
        """Return what prints objects in the form the client accepts. Raises Refused."""
        return Printer(served=served, form=form_of(request), clock=self.clock)

    async def list(self, request: Request, served: Served, namespace: str | None) -> Response:
        """Return the selected objects of one namespace, or of all."""
        if namespace is not None:
            check_namespace(namespace)
        query = request.query_params
        select = selector(query.get("labelSelector", ""), query.get("fieldSelector", ""))
        printer = self.printer(request, served)
        found = self.store.listing(served.resource, namespace)
        items = [item for item in found.items if select(item.object)]
        return json_response(printer.several(items, found.revision))

    async def get(self, request: Request, served: Served, key: Key) -> Response:
        """Return one object."""
        return json_response(self.printer(request, served).one(self._current(served, key)))

    async def create(self, request: Request, served: Served, namespace: str) -> Response:
        """Store a new object."""
        if served.kind.namespaced:
            check_namespace(namespace)
        body, place = await self._read(request, served, namespace)
        suffix = secrets.token_hex(3)[:5]
        birth = Birth(uid=self.new_uid(), moment=self.clock(), suffix=suffix)
        new = created(place, body, birth)
        name = new["metadata"]["name"]
        key = served.key(namespace, name)
        if self.store.get(key) is not None:
            raise already_exists(served.subject(name))
        if self.store.count(served.resource) >= self.limit:
            raise forbidden(f"{self.limit} {served.subject()} are stored, which is the limit")
        stored = Stored(key=key, revision=0, object=new)
        if not _dry_run(request):
            try:
                stored = await self.store.write(Write(key=key, object=new, expected=0))
            except Conflict as error:
                raise already_exists(served.subject(name)) from error
        return self._answer(request, place, stored, code=201)

    async def replace(self, request: Request, served: Served, key: Key) -> Response:
        """Put a whole object in the place of the one it was made from."""
        body, place = await self._read(request, served, key.namespace)

        async def change(current: Stored) -> Stored:
            if expected_revision(body) is None:
                raise missing_revision(served, key.name)
            return await self._change(request, place, current, body)

        return self._answer(request, place, await self._attempt(served, key, change))

    async def patch(self, request: Request, served: Served, key: Key) -> Response:
        """Merge a patch into an object."""
        _check_patch_type(bodies.media_type(request))
        patch, repeated = bodies.parse_json(await bodies.read(request))
        if not isinstance(patch, dict):
            raise bad_request("the merge patch is no object")
        place = _place(request, served, key.namespace, repeated)

        async def change(current: Stored) -> Stored:
            body = merge_patch(current.object, patch)
            bodies.check(body)
            return await self._change(request, place, current, body)

        return self._answer(request, place, await self._attempt(served, key, change))

    async def delete(self, request: Request, served: Served, key: Key) -> Response:
        """Delete an object at once: there is nothing that depends on one."""
        options = await _delete_options(request)
        wanted = options.get("preconditions") or {}
        if not isinstance(wanted, dict):
            raise bad_request("the preconditions are no object")
        # Some clients ask in the query and some, kubectl among them, in the body.
        dry_run = _dry_run(request) or _dry(options.get("dryRun") or [])

        async def change(current: Stored) -> Stored:
            uid = current.object["metadata"]["uid"]
            if wanted.get("uid") not in (None, uid):
                raise conflict(served.subject(key.name), f"it has the UID {uid}")
            revision = expected_revision({"metadata": wanted})
            if revision not in (None, current.revision):
                raise conflict(served.subject(key.name), CHANGED)
            if dry_run:
                return current
            write = Write(key=key, object=None, expected=current.revision)
            return await self.store.write(write)

        gone = await self._attempt(served, key, change)
        details = {
            "name": key.name,
            "group": served.kind.group,
            "kind": served.kind.plural,
            "uid": gone.object["metadata"]["uid"],
        }
        success = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
        return json_response({**success, "details": details})

    async def _read(self, request: Request, served: Served, namespace: str) -> tuple[Object, Place]:
        body, repeated = await bodies.read_object(request, self.read_yaml)
        return body, _place(request, served, namespace, repeated)

    def _current(self, served: Served, key: Key) -> Stored:
        stored = self.store.get(key)
        if stored is None:
            raise not_found(served.subject(key.name))
        return stored

    async def _attempt(
        self, served: Served, key: Key, change: Callable[[Stored], Awaitable[Stored]]
    ) -> Stored:
        """Change the newest object, and the newer one again where somebody else was faster."""
        for _ in range(ATTEMPTS):
            try:
                return await change(self._current(served, key))
            except Conflict:
                continue
        raise conflict(served.subject(key.name), CHANGED)

    async def _change(
        self, request: Request, place: Place, current: Stored, body: Object
    ) -> Stored:
        wanted = expected_revision(body)
        if wanted not in (None, current.revision):
            raise conflict(place.served.subject(current.key.name), CHANGED)
        place.admission.warnings.clear()
        after = replaced(place, current, body)
        if after == current.object:
            return current
        if len(orjson.dumps(after)) > bodies.LIMIT:
            raise too_large(f"the object would be larger than {bodies.LIMIT} bytes")
        if _dry_run(request):
            return Stored(key=current.key, revision=current.revision, object=after)
        write = Write(key=current.key, object=after, expected=current.revision)
        return await self.store.write(write)

    def _answer(self, request: Request, place: Place, stored: Stored, code: int = 200) -> Response:
        printer = self.printer(request, place.served)
        response = json_response(printer.one(stored), code)
        for warning in place.admission.warnings[:32]:
            text = warning.encode("ascii", "replace").decode()[:1024]
            quoted = json.dumps(text)
            response.headers.append("warning", f"299 - {quoted}")
        return response


def _place(request: Request, served: Served, namespace: str, repeated: tuple[str, ...]) -> Place:
    admission = Admission.asked(request.query_params.get("fieldValidation"))
    admission.repeated = repeated
    return Place(served=served, namespace=namespace, admission=admission)


def _dry_run(request: Request) -> bool:
    return _dry(request.query_params.getlist("dryRun"))


def _dry(asked: Any) -> bool:
    if not isinstance(asked, list) or any(value != "All" for value in asked):
        raise bad_request(f"dryRun {asked!r:.200}: only ['All'] is supported")
    return bool(asked)


def _check_patch_type(kind: str) -> None:
    if kind in APPLY_PATCH:
        raise unsupported_media_type(
            "server-side apply is not supported: fields have no owners here; "
            "use kubectl apply without --server-side"
        )
    if kind != MERGE_PATCH:
        raise unsupported_media_type(
            f"patches of type {kind or 'not given'!r} are not supported; send {MERGE_PATCH}"
        )


async def _delete_options(request: Request) -> Object:
    """Return the DeleteOptions of a body; there may be no body."""
    body = await bodies.read(request)
    if not body.strip():
        return {}
    if bodies.media_type(request) not in bodies.JSON_TYPES:
        raise unsupported_media_type("delete options are sent as application/json")
    options: Any = bodies.parse_json(body)[0]
    if not isinstance(options, dict):
        raise bad_request("the delete options are no object")
    return options
