"""What a client says about a write besides its body: dry runs, and how to delete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from fairlead.control.api import body as bodies
from fairlead.control.api.objects import expected_revision
from fairlead.control.api.served import Served
from fairlead.control.api.status import Refused, bad_request, conflict, invalid_option
from fairlead.control.store import Object, Stored

POLICIES = ("Orphan", "Background", "Foreground")
CHANGED = "the object has been modified; please apply your changes to the latest version"

_WRITES = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions"}


def dry_run(request: Request) -> bool:
    """Say whether everything is to be checked and nothing stored. Raises Refused."""
    return _dry(request.query_params.getlist("dryRun"), options_kind(request))


def options_kind(request: Request) -> str:
    """Return the kind that Kubernetes has for the options of such a request."""
    return _WRITES.get(request.method, "DeleteOptions")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteOptions:
    """How to delete. Nothing depends on an object here: each policy comes to the same."""

    dry_run: bool = False
    uid: str | None = None
    """Delete only the object that has it."""
    revision: int | None = None
    """Delete only what was last written then."""

    def check(self, served: Served, current: Stored) -> None:
        """Raise Refused where an object is not the one that is meant."""
        subject = served.subject(current.key.name)
        uid = current.object["metadata"]["uid"]
        if self.uid not in (None, uid):
            raise conflict(subject, f"it has the UID {uid}, which is not the one that is meant")
        if self.revision not in (None, current.revision):
            raise conflict(subject, CHANGED)


async def delete_options(request: Request, read_yaml: bodies.ReadYaml) -> DeleteOptions:
    """Return the options of a deletion: of its body, where it has one, and of its query.

    Some clients ask for a dry run in the query and some, kubectl among them, in the body.
    """
    body = await bodies.optional_object(request, read_yaml)
    if body.get("kind", "DeleteOptions") != "DeleteOptions":
        raise bad_request(f"the body is {body['kind']!r:.80}, expected DeleteOptions")
    query = request.query_params
    _check_policy({**query, **body})
    wanted = body.get("preconditions") or {}
    if not isinstance(wanted, dict):
        raise bad_request("the preconditions are no object")
    return DeleteOptions(
        dry_run=dry_run(request) or _dry(body.get("dryRun") or [], "DeleteOptions"),
        uid=wanted.get("uid"),
        revision=expected_revision({"metadata": wanted}),
    )


def _check_policy(options: Object) -> None:
    """Refuse what cannot be meant, though all that can comes to the same here."""
    policy, orphan = options.get("propagationPolicy"), options.get("orphanDependents")
    if policy is not None and policy not in POLICIES:
        raise _invalid("propagationPolicy", f"{policy!r:.80} is none of {', '.join(POLICIES)}")
    if policy is not None and orphan is not None:
        raise _invalid("propagationPolicy", "is not given together with orphanDependents")
    grace: Any = options.get("gracePeriodSeconds")
    try:
        int(grace or 0)
    except (TypeError, ValueError) as error:
        raise _invalid("gracePeriodSeconds", f"{grace!r:.80} is no number") from error


def _dry(asked: Any, kind: str) -> bool:
    if not isinstance(asked, list) or any(value != "All" for value in asked):
        raise invalid_option(kind, "dryRun", f"{asked!r:.200}: only ['All'] is supported")
    return bool(asked)


def _invalid(name: str, why: str) -> Refused:
    return invalid_option("DeleteOptions", name, why)
