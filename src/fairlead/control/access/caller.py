"""The one who sent a request, as its handler sees them."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from fairlead.control.access.roles import TOKENS, Attributes, Grant, Identity, allowed
from fairlead.control.api.status import Refused, Subject

KEY = "fairlead.caller"
"""Where a request's scope has its caller."""

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="fairlead"'}


class Caller:
    """An identity, or anybody, to whom everything is allowed where no token is asked."""

    def __init__(
        self,
        identity: Identity | None,
        *,
        trusted: bool = False,
        still: Callable[[], bool] = lambda: True,
    ) -> None:
        """`still` says whether the session that the caller came with has not ended."""
        self.identity, self._trusted, self.still = identity, trusted, still
        self.settled = True
        """False as long as the handler has not asked what a deferred decision depends on."""

    @property
    def name(self) -> str:
        """The name that refusals and `kubectl auth whoami` show."""
        return self.identity.name if self.identity else "anonymous"

    @property
    def uid(self) -> str:
        """What limits count by."""
        return self.identity.uid if self.identity else ""

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What the caller was granted."""
        return self.identity.grants if self.identity else ()

    @property
    def trusted(self) -> bool:
        """Whether everything is allowed, because no token is asked."""
        return self._trusted

    def may(self, asked: Attributes) -> bool:
        """Say whether `asked` is allowed."""
        self.settled = True
        return self._trusted or allowed(self.grants, asked)

    def require(self, verb: str, resource: str, namespace: str, app: str = "") -> None:
        """Raise Refused unless the verb is allowed on a resource with its group."""
        plural, _, group = resource.partition(".")
        asked = Attributes(
            verb=verb, path="", group=group, resource=plural, namespace=namespace, app=app
        )
        if not self.may(asked):
            raise not_permitted(self, asked)


def caller_of(request: Request) -> Caller:
    """Return who sent a request. KeyError where no gate was passed: then nothing is allowed."""
    caller: Caller = request.scope[KEY]
    return caller


def not_permitted(caller: Caller, asked: Attributes) -> Refused:
    """Return the refusal, in the words of Kubernetes."""
    user = f'User "{caller.name}"'
    if not asked.resource:
        message = f'forbidden: {user} cannot {asked.verb} path "{asked.path[:200]}"'
        return Refused(HTTPStatus.FORBIDDEN, "Forbidden", message)
    resource = asked.resource + (f"/{asked.subresource}" if asked.subresource else "")
    what = f'{user} cannot {asked.verb} resource "{resource}" in API group "{asked.group}"'
    if asked.namespace:
        where = f' in the namespace "{asked.namespace}"'
    else:
        where = "" if asked.full_resource == TOKENS else " at the cluster scope"
    app = f' for the app "{asked.app}"' if asked.app else ""
    named = f'{asked.full_resource} "{asked.name}"' if asked.name else asked.full_resource
    return Refused(
        HTTPStatus.FORBIDDEN,
        "Forbidden",
        f"{named} is forbidden: {what}{where}{app}",
        subject=Subject(group=asked.group, kind=asked.resource, name=asked.name),
    )


def unauthorized(why: str) -> Response:
    """Return the answer to a request without a good token."""
    refused = Refused(HTTPStatus.UNAUTHORIZED, "Unauthorized", f"Unauthorized: {why}")
    response = refused.response()
    response.headers.update(CHALLENGE)
    return response
