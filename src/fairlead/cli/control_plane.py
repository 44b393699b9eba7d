"""The control plane's REST API, as far as the command line needs it. Standard library only."""

from __future__ import annotations

import json
import re
import ssl
import sys
from collections.abc import Iterable, Iterator, Mapping
from http.client import HTTPException
from typing import Any, cast
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, quote, urlencode, urlsplit
from urllib.request import (
    BaseHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)

from fairlead.cli import terminal
from fairlead.cli.failure import ENVIRONMENT, REFUSED, USAGE, Failed
from fairlead.cli.progress import progress
from fairlead.cli.target import Target, token_in
from fairlead.cli.unreachable import reason_of, unknown_caller
from fairlead.kinds import Kind

PATIENCE = 10.0
"""Seconds an answer may take."""

SILENCE = 90.0
"""Seconds without a line after which a stream is given up: there is a bookmark every thirty."""

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class _NoRedirect(HTTPRedirectHandler):
    """Follows nobody elsewhere: the token would go along."""

    def redirect_request(self, *_: Any) -> None:
        return None


_WARNING = re.compile(r'299 \S{1,64} "((?:[^"\\]|\\.){0,2048})"')
_NO_PATH = "could not find the requested resource: /fairlead/"


class Refused(Failed):
    """The control plane said no. `code` is the HTTP status, `reason` the API's word for it."""

    def __init__(self, code: int, status: Mapping[str, Any], token_file: str = "") -> None:
        self.code = code
        self.reason = str(status.get("reason") or code)
        message = str(status.get("message") or "without a reason")
        told = message if message.startswith(self.reason) else f"{self.reason}: {message}"
        remedy = f"; {unknown_caller(token_file)}" if code == 401 else ""
        self.unknown_path = code == 404 and _NO_PATH in message
        if self.unknown_path:
            remedy = "; it is older than this command: `fairlead version` shows both"
        super().__init__(f"the control plane refused: {told}{remedy}", REFUSED)


class ControlPlane:
    """One control plane, by URL."""

    def __init__(self, url: str) -> None:
        """Raises Failed where `url` is no URL of a server, or a file of its Target is unusable."""
        parts = _parts(str(url))
        if parts is None:
            shown = "the URL" if "@" in url else repr(str(url))
            message = f"{shown} is no URL of a control plane: write http://HOST:PORT"
            raise Failed(message, USAGE)
        self.url = str(url).rstrip("/")
        target = url if isinstance(url, Target) else Target.of(url, None, None)
        self.token_file, self.ca_file = target.token_file, target.ca_file
        local = parts.hostname in _LOOPBACK
        self._headers = _authorization(target, private=local or parts.scheme == "https")
        handlers: list[BaseHandler] = [_NoRedirect()]
        if local:
            handlers.append(ProxyHandler({}))
        if parts.scheme == "https":
            handlers.append(HTTPSHandler(context=_trust(target.ca_file)))
        self._opener: OpenerDirector = build_opener(*handlers)

    def path(self, kind: Kind[Any], namespace: str | None, name: str = "") -> str:
        """Return the path of a kind's objects, in all namespaces for None, or of one of them."""
        parts = [f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"]
        if namespace is not None and kind.namespaced:
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
        headers = {"Accept": accept, "Content-Type": "application/json", **self._headers}
        request = Request(url, data=data, headers=headers, method=method)  # noqa: S310 - http, https
        try:
            with (
                progress(f"asking {self.url}"),
                self._opener.open(request, timeout=PATIENCE) as response,
            ):
                answer = self._object(response.read())
                _warn(response.headers.get_all("Warning") or ())
                return answer
        except HTTPError as error:
            with error:
                raise self._refusal(error.code, error.read()) from error
        except (URLError, OSError, HTTPException, UnicodeError) as error:
            raise self._unreachable(error) from error

    def stream(
        self, path: str, *, query: Mapping[str, str], accept: str
    ) -> Iterator[dict[str, Any]]:
        """Yield the objects of an answer that goes on, one a line, until it ends.

        Raises Refused for a refusal, and Failed where the server cannot be reached or breaks off.
        """
        for line in self._lines(path, query, accept):
            yield self._object(line)

    def events(
        self, path: str, *, query: Mapping[str, str]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the names and objects of an event stream until it ends. Raises Failed."""
        name = ""
        for line in self._lines(path, query, "text/event-stream"):
            field, _, value = line.rstrip(b"\r\n").partition(b":")
            if field == b"event":
                name = value.strip().decode("utf-8", "replace")
            elif field == b"data":
                yield name, self._object(value)

    def _lines(self, path: str, query: Mapping[str, str], accept: str) -> Iterator[bytes]:
        url = f"{self.url}{path}?{urlencode(query)}"
        headers = {"Accept": accept, **self._headers}
        request = Request(url, headers=headers)  # noqa: S310 - http, https
        try:
            with progress(f"asking {self.url}"):
                response = self._opener.open(request, timeout=SILENCE)
            with response:
                yield from response
        except HTTPError as error:
            with error:
                raise self._refusal(error.code, error.read()) from error
        except (URLError, OSError, HTTPException, UnicodeError) as error:
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
        return Refused(code, status, self.token_file)

    def _stranger(self, said: str = "") -> Failed:
        return Failed(f"what answers at {self.url} is no control plane{said}", ENVIRONMENT)

    def _unreachable(self, error: Exception) -> Failed:
        return Failed(reason_of(self.url, error), ENVIRONMENT)


def _warn(headers: Iterable[str]) -> None:
    """Print what the control plane warns of, as kubectl does (RFC 7234, 5.5)."""
    wipe = "\r\x1b[K" if terminal.is_terminal(sys.stderr) else ""
    for header in headers:
        found = _WARNING.fullmatch(header)
        if found is not None:
            text = re.sub(r"\\(.)", r"\1", found[1])
            print(f"{wipe}Warning: {terminal.one_line(text)}", file=sys.stderr)


def _parts(url: str) -> SplitResult | None:
    """Return the parts of the URL of a server, None where it is of none."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:  # brackets that do not close, a port that is no number or too great
        return None
    return parts if known and parts.hostname and "@" not in parts.netloc else None


def _authorization(target: Target, *, private: bool) -> dict[str, str]:
    if not target.token_file:
        return {}
    if not private:
        why = "where all on the way could read it: use https://"
        raise Failed(f"the token is not sent to {str(target)!r}, {why}", USAGE)
    return {"Authorization": f"Bearer {token_in(target.token_file)}"}


def _trust(ca_file: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        unread = not isinstance(error, ssl.SSLError)
        why = error.strerror if unread else "holds no certificate in PEM form"
        raise Failed(f"authority file {ca_file}: {why}", ENVIRONMENT) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
