"""Create, read, replace, patch and delete objects: the verbs of a Kubernetes-style API.

Refuses before it writes: a body that is wrong in any way leaves everything as it was. A write that
names no resourceVersion is tried again when somebody else was faster; one that names it is not.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from fairlead.control.access.caller import caller_of
from fairlead.control.api import body as bodies
from fairlead.control.api.admission import Admission
from fairlead.control.api.jsonpatch import json_patch
from fairlead.control.api.listing import (
    ListOptions,
    Page,
    check_reached,
    page,
    revision_of,
)
from fairlead.control.api.objects import (
    Birth,
    Place,
    check_namespace,
    created,
    expected_revision,
    merge_patch,
    missing_revision,
    replaced,
    shown,
    timestamp,
)
from fairlead.control.api.options import (
    CHANGED,
    DeleteOptions,
    delete_options,
    dry_run,
    options_kind,
)
from fairlead.control.api.selectors import Selector, everything, selected
from fairlead.control.api.served import Clock, Served
from fairlead.control.api.status import (
    Refused,
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
from fairlead.control.store import Author, Conflict, Key, Object, Store, Stored, Write

log = logging.getLogger(__name__)

ATTEMPTS = 64
"""Times a write without a resourceVersion is tried before its client is told of the conflict.

Each failure means that another writer of the same object succeeded.
"""

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
PATCHES: Mapping[str, Callable[[Any, Any], Any]] = {
    MERGE_PATCH: merge_patch,
    JSON_PATCH: json_patch,
}
APPLY_PATCH = ("application/apply-patch+yaml", "application/apply-patch+cbor")
AT_ONCE = 64
"""Deletions that wait for the disk together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """The verbs on one store."""

    store: Store
    clock: Clock
    read_yaml: bodies.ReadYaml
    limit: int
    """Objects of one kind that may be stored."""
    refused: Callable[[Stored, str], None] = field(default=lambda stored, message: None)
    """Hears of a change of a stored object that was refused for what it says, and why."""
    advice: Callable[[Object], str] = field(default=lambda plain: "")
    """Returns what the author of an object is to be warned of, ``""`` for nothing."""
    new_uid: Callable[[], str] = field(default=lambda: str(uuid.uuid4()))

    def printer(self, request: Request, served: Served) -> Printer:
        """Return what prints objects in the form the client accepts. Raises Refused."""
        return Printer(served=served, form=form_of(request), clock=self.clock)

    async def list(self, request: Request, served: Served, namespace: str | None) -> Response:
        """Return the selected objects of one namespace, or of all."""
        if namespace is not None:
            check_namespace(namespace)
        query = request.query_params
        select = selected(query, served.fields)
        printer = self.printer(request, served)
        options = ListOptions.read(query)
        return json_response(printer.several(page(self.store, served, namespace, select, options)))

    async def get(self, request: Request, served: Served, key: Key) -> Response:
        """Return one object, as it is now."""
        check_reached(self.store, revision_of(request.query_params.get("resourceVersion", "")))
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
        if not dry_run(request):
            try:
                write = Write(key=key, object=new, expected=0, author=self._author(request))
                stored = await self.store.write(write)
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
        """Change an object by a merge patch or a JSON patch."""
        media = bodies.media_type(request)
        apply = served.patches.get(media) or _patching(media)
        patch, repeated = bodies.parse_json(await bodies.read(request))
        place = _place(request, served, key.namespace, repeated)

        async def change(current: Stored) -> Stored:
            body = apply(shown(current), patch)
            if not isinstance(body, dict):
                raise bad_request("the patch leaves no object")
            bodies.check(body)
            return await self._change(request, place, current, body)

        return self._answer(request, place, await self._attempt(served, key, change))

    async def delete(self, request: Request, served: Served, key: Key) -> Response:
        """Delete an object at once: there is nothing that depends on one."""
        options = await delete_options(request, self.read_yaml)
        gone = await self._delete(served, key, options, author=self._author(request))
        details = {
            "name": key.name,
            "group": served.kind.group,
            "kind": served.kind.plural,
            "uid": gone.object["metadata"]["uid"],
        }
        success = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
        return json_response({**success, "details": details})

    async def delete_all(self, request: Request, served: Served, namespace: str) -> Response:
        """Delete the selected objects of a namespace; return those that were deleted by this.

        What is written or deleted meanwhile is deleted as it is then, or passed over.
        """
        check_namespace(namespace)
        select = selected(request.query_params, served.fields)
        printer = self.printer(request, served)
        options = await delete_options(request, self.read_yaml)
        if options.uid is not None or options.revision is not None:
            raise bad_request("preconditions are about one object: delete it by its name")
        gone: list[Stored] = []
        author = self._author(request)
        found = page(self.store, served, namespace, select, ListOptions())
        for start in range(0, len(found.items), AT_ONCE):
            batch = found.items[start : start + AT_ONCE]
            deletions = (
                self._delete(served, item.key, options, select, author=author) for item in batch
            )
            for done in await asyncio.gather(*deletions, return_exceptions=True):
                if isinstance(done, Stored):
                    gone.append(done)
                elif not (isinstance(done, Refused) and done.code == HTTPStatus.NOT_FOUND):
                    raise done
        return json_response(printer.several(Page(items=gone, revision=self.store.revision)))

    async def _delete(
        self,
        served: Served,
        key: Key,
        options: DeleteOptions,
        select: Selector = everything,
        *,
        author: Author,
    ) -> Stored:
        async def change(current: Stored) -> Stored:
            if not select(current.object):
                raise not_found(served.subject(key.name))
            options.check(served, current)
            if options.dry_run:
                return current
            write = Write(key=key, object=None, expected=current.revision, author=author)
            return await self.store.write(write)

        return await self._attempt(served, key, change)

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
        try:
            after = replaced(place, current, body)
        except Refused as error:
            if not dry_run(request):
                self.refused(current, error.message)
            raise
        if after == current.object:
            return current
        if len(orjson.dumps(after)) > bodies.LIMIT:
            raise too_large(f"the object would be larger than {bodies.LIMIT} bytes")
        if dry_run(request):
            return Stored(key=current.key, revision=current.revision, object=after)
        author = self._author(request)
        write = Write(key=current.key, object=after, expected=current.revision, author=author)
        return await self.store.write(write)

    def _author(self, request: Request) -> Author:
        return Author(who=caller_of(request).name, at=timestamp(self.clock()))

    def _answer(self, request: Request, place: Place, stored: Stored, code: int = 200) -> Response:
        printer = self.printer(request, place.served)
        response = json_response(printer.one(stored), code)
        for warning in [*place.admission.warnings[:32], *filter(None, [self._advice(stored)])]:
            text = warning.encode("ascii", "replace").decode()[:1024]
            quoted = json.dumps(text)
            response.headers.append("warning", f"299 - {quoted}")
        return response

    def _advice(self, stored: Stored) -> str:
        try:
            return self.advice(stored.object)
        except Exception:
            log.exception("whether its author is to be warned of %s is not known", stored.key)
            return ""  # it is stored


def _place(request: Request, served: Served, namespace: str, repeated: tuple[str, ...]) -> Place:
    text = request.query_params.get("fieldValidation")
    admission = Admission.asked(text, options_kind(request))
    admission.repeated = repeated
    return Place(served=served, namespace=namespace, admission=admission)


def _patching(kind: str) -> Callable[[Any, Any], Any]:
    """Return what applies patches of a media type. Raises Refused."""
    if kind in APPLY_PATCH:
        raise unsupported_media_type(
            "server-side apply is not supported: fields have no owners here; "
            "use kubectl apply without --server-side"
        )
    if kind not in PATCHES:
        raise unsupported_media_type(
            f"patches of type {kind or 'not given'!r} are not supported; send {MERGE_PATCH} "
            f"(kubectl patch --type=merge) or {JSON_PATCH} (--type=json)"
        )
    return PATCHES[kind]
