"""What a write makes of a body: which parts are the author's, which the server's.

Pure: the clock and the name of an object are arguments, the object before is never changed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fairlead.control.api.admission import Admission
from fairlead.control.api.served import Served
from fairlead.control.api.status import Cause, Refused, bad_request, invalid
from fairlead.control.store import Object, Stored
from fairlead.kinds.metadata import SERVER_FIELDS

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """What an object gets once: its uid, its time, and a name where it asks for one."""

    uid: str
    moment: datetime
    suffix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a body was sent to, and how it is to be admitted there."""

    served: Served
    namespace: str
    admission: Admission


def timestamp(moment: datetime) -> str:
    """Return a moment as Kubernetes writes it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def check_namespace(namespace: str) -> None:
    """Raise Refused unless `namespace` can be one: every DNS-1123 label is, without being made."""
    if not _NAMESPACE.fullmatch(namespace):
        raise bad_request(
            f"namespace {namespace!r}: use at most 63 of a-z, 0-9 and '-', "
            "beginning and ending with a letter or digit"
        )


def shown(stored: Stored) -> Object:
    """Return a stored object as clients see it: with its resourceVersion, once it has one."""
    if not stored.revision:
        return stored.object
    metadata = {**stored.object["metadata"], "resourceVersion": str(stored.revision)}
    return {**stored.object, "metadata": metadata}


def written(place: Place, body: Object) -> Object:
    """Return the author's part of a body: kind, own metadata and spec, as yet unchecked.

    Raises Refused where the body is of another kind or for another place than it was sent to.
    """
    kind, namespace = place.served.kind, place.namespace
    for name, expected in (("apiVersion", kind.api_versions), ("kind", (kind.kind,))):
        if body.get(name) not in expected:
            raise bad_request(f"{name} is {body.get(name)!r}, expected {expected[0]!r} here")
    metadata = body.get("metadata")
    if not isinstance(metadata, dict):
        raise bad_request("metadata is missing or not an object")
    own = {name: value for name, value in metadata.items() if name not in SERVER_FIELDS}
    for name in ("labels", "annotations"):
        if own.get(name) == {}:
            del own[name]  # kubectl diff's way to say that there are none
    # Clients in some languages send null for what they leave out.
    if own.get("namespace") is None:
        own["namespace"] = namespace
    if own["namespace"] != namespace:
        raise bad_request(
            f"metadata.namespace is {own['namespace']!r}, but the request is for {namespace!r}"
        )
    if not kind.namespaced:
        del own["namespace"]
    rest = {name: value for name, value in body.items() if name not in ("metadata", "status")}
    return {**rest, "apiVersion": kind.api_version, "metadata": own}


def created(place: Place, body: Object, birth: Birth) -> Object:
    """Return the object that a create would store. Raises Refused."""
    if _field(body, "resourceVersion"):
        raise bad_request("resourceVersion should not be set on objects to be created")
    own = written(place, body)
    _name_generated(own["metadata"], birth.suffix)
    own = place.admission.admit(place.served, own)
    metadata = {
        **own["metadata"],
        "uid": birth.uid,
        "creationTimestamp": timestamp(birth.moment),
        "generation": 1,
    }
    return {**own, "metadata": metadata}


def replaced(place: Place, current: Stored, body: Object) -> Object:
    """Return the object that takes `current`'s place: the author's part new, the server's kept.

    Equal to the current object where nothing changed. Raises Refused.
    """
    own = written(place, body)
    name = current.key.name
    if own["metadata"].setdefault("name", name) != name:
        raise bad_request(
            f"metadata.name is {own['metadata']['name']!r}, but the request is for {name!r}"
        )
    own = place.admission.admit(place.served, own)
    before = current.object
    metadata = before["metadata"]
    kept = {field: metadata[field] for field in SERVER_FIELDS if field in metadata}
    kept["generation"] += own.get("spec") != before.get("spec")
    after = {**own, "metadata": {**own["metadata"], **kept}}
    if "status" in before:
        after["status"] = before["status"]
    return after


def expected_revision(body: Object) -> int | None:
    """Return the revision that a body says it is based on. Raises Refused for a malformed one."""
    text = _field(body, "resourceVersion")
    if text in (None, ""):
        return None
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or len(text) > 18:
        raise bad_request(f"metadata.resourceVersion {text!r} is not one this server has given")
    return int(text)


def merge_patch(target: Any, patch: Any) -> Any:
    """Return `target` with a JSON merge patch applied (RFC 7386); neither is changed."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patch(result.get(name), value)
    return result


def missing_revision(served: Served, name: str) -> Refused:
    """A replacement that does not say what it replaces could undo somebody's change unseen."""
    message = "must be specified for an update"
    cause = Cause(reason="FieldValueRequired", field="metadata.resourceVersion", message=message)
    return invalid(served.body_subject(name), [cause])


def _field(body: Object, name: str) -> Any:
    metadata = body.get("metadata")
    return metadata.get(name) if isinstance(metadata, dict) else None


def _name_generated(metadata: Object, suffix: str) -> None:
    prefix = metadata.pop("generateName", None)
    if isinstance(prefix, str) and prefix and not metadata.get("name"):
        metadata["name"] = f"{prefix}{suffix}"
