"""The control plane's REST API, as far as the command line needs it. Standard library only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from typing import Any, cast
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from fairlead.cli.failure import ENVIRONMENT, REFUSED, USAGE, Failed
from fairlead.kinds import Kind

PATIENCE = 10.0
"""Seconds an answer may take."""

SILENCE = 90.0
"""Seconds without a line after which a stream is given up: there is a bookmark every thirty."""

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Refused(Failed):
    """The control plane said no. `code` is the HTTP status, `reason` the API's word for it."""

    def __init__(self, code: int, status: Mapping[str, Any]) -> None:
        self.code = code
        self.reason = str(status.get("reason") or code)
        message = str(status.get("message") or "without a reason")
        super().__init__(f"the control plane refused: {self.reason}: {message}", REFUSED)


class ControlPlane:
    """One control plane, by URL."""

    def __init__(self, url: str) -> None:
        """Raises Failed where `url` is no URL of a server."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            message = f"{url!r} is no URL of a control plane: write http://HOST:PORT"
            raise Failed(message, USAGE)
        self.url = url.rstrip("/")
        local = parts.hostname in _LOOPBACK
        self._opener: OpenerDirector = build_opener(ProxyHandler({})) if local else build_opener()

    def path(self, kind: Kind[Any], namespace: str | None, name: str = "") -> str:
        """Return the path of a kind's objects, in all namespaces for None, or of one of them."""
        parts = [f"/apis/{kind.group}/{kind.version}"]
        if namespace is not None:
            parts.append(f"namespaces/{quote(namespace, safe='')}")
        parts.append(kind.plural)
        if name:
            parts.append(quote(name, safe=""))
        return "/".join(parts)

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        accept: str = "application/json",
    ) -> dict[str, Any]:
        """Return the object that the control plane answers with.

        Raises Refused for its refusals, and Failed where it cannot be reached.
        """
        url = self.url + path + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        headers = {"Accept": accept, "Content-Type": "application/json"}
        request = Request(url, data=data, headers=headers, method=method)  # noqa: S310 - http, https
        try:
            with self._opener.open(request, timeout=PATIENCE) as response:
                return self._object(response.read())
        except HTTPError as error:
            with error:
                raise self._refusal(error.code, error.read()) from error
        except (URLError, OSError, HTTPException) as error:
            raise self._unreachable(error) from error

    def stream(
        self, path: str, *, query: Mapping[str, str], accept: str
    ) -> Iterator[dict[str, Any]]:
        """Yield the objects of an answer that goes on, one a line, until it ends.

        Raises Refused for a refusal, and Failed where the server cannot be reached or breaks off.
        """
        url = f"{self.url}{path}?{urlencode(query)}"
        request = Request(url, headers={"Accept": accept})  # noqa: S310 - http, https
        try:
            with self._opener.open(request, timeout=SILENCE) as response:
                for line in response:
                    yield self._object(line)
        except HTTPError as error:
            with error:
                raise self._refusal(error.code, error.read()) from error
        except (URLError, OSError, HTTPException) as error:
            raise self._unreachable(error) from error

    def _object(self, body: bytes) -> dict[str, Any]:
        try:
            found = json.loads(body)
        except ValueError as error:
            raise self._stranger() from error
        if not isinstance(found, dict):
            raise self._stranger()
        return cast("dict[str, Any]", found)

    def _refusal(self, code: int, body: bytes) -> Failed:
        # Anybody's 404 would else pass for an object that is not there.
        try:
            status = self._object(body)
        except Failed:
            status = {}
        if status.get("kind") != "Status":
            return self._stranger(f" (HTTP status {code})")
        return Refused(code, status)

    def _stranger(self, said: str = "") -> Failed:
        return Failed(f"what answers at {self.url} is no control plane{said}", ENVIRONMENT)

    def _unreachable(self, error: Exception) -> Failed:
        reason = getattr(error, "reason", None) or error
        text = getattr(reason, "strerror", None) or reason
        remedy = "start one with `fairlead serve --data-dir DIR`, or name it with --server"
        message = f"no control plane at {self.url} ({text}): {remedy} or FAIRLEAD_CONTROL"
        return Failed(message, ENVIRONMENT)
