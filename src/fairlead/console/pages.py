"""Serves the console's pages and nothing else: it knows no object, and speaks to no store.

The files in ``dist`` are made by ``make console``, compressed. A page's address is the browser's
affair: whatever is no file is the page that reads it. Scripts and styles come from here alone, and
from nowhere else: what an application sends may be shown, and is never run.
"""

from __future__ import annotations

import gzip
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

ROOT = "/console/"
NONCE = b"__NONCE__"
"""Stands in the page where a nonce goes, which lets its script add styles."""

COMPRESSED = ".gz"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
"""Files that are served, by the end of their name."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
FOREVER = "public, max-age=31536000, immutable"
"""Of files that are named by their content."""

_NAME = re.compile(r"assets/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    content: bytes
    compressed: bool
    type: str


def routes(dist: Traversable | None = None) -> Sequence[BaseRoute]:
    """Return the routes: ``/``, which leads to the console, and what is below ``/console/``.

    `dist` is the folder with the built files, that of the package if left out.
    """
    pages = _Pages(dist or files("fairlead.console") / "dist")
    return (
        Route("/", _lead_in),
        Route(ROOT.rstrip("/"), _lead_in),
        Route(f"{ROOT}{{path:path}}", pages.answer),
    )


async def _lead_in(request: Request) -> Response:
    del request
    return RedirectResponse(ROOT, headers={"cache-control": "no-store"})


class _Pages:
    def __init__(self, dist: Traversable) -> None:
        self._dist = dist
        self._kept: dict[str, _File] = {}

    async def answer(self, request: Request) -> Response:
        path = request.path_params["path"]
        if not path.startswith("assets/"):
            return self._page()
        found = self._file(path)
        if found is None:
            return Response("not found", status_code=404, headers=HEADERS, media_type="text/plain")
        return _send(found, request.headers.get("accept-encoding", ""))

    def _page(self) -> Response:
        nonce = secrets.token_urlsafe(18)
        html = self._read("index.html").replace(NONCE, nonce.encode())
        policy = {"content-security-policy": POLICY.format(nonce=nonce)}
        headers = {**HEADERS, **policy, "cache-control": "no-store"}
        return Response(html, headers=headers, media_type="text/html")

    def _file(self, path: str) -> _File | None:
        if path not in self._kept:
            kind = TYPES.get(f".{path.rpartition('.')[2]}")
            if kind is None or not _NAME.fullmatch(path):
                return None
            for name in (path, path + COMPRESSED):
                if self._dist.joinpath(*name.split("/")).is_file():
                    squeezed = name.endswith(COMPRESSED)
                    content = self._read(name)
                    self._kept[path] = _File(content=content, compressed=squeezed, type=kind)
        return self._kept.get(path)

    def _read(self, name: str) -> bytes:
        return self._dist.joinpath(*name.split("/")).read_bytes()


def _send(file: _File, accepts: str) -> Response:
    headers = {**HEADERS, "cache-control": FOREVER}
    content = file.content
    if file.compressed:
        headers["vary"] = "accept-encoding"
        if "gzip" in accepts:
            headers["content-encoding"] = "gzip"
        else:
            content = gzip.decompress(content)
    return Response(content, headers=headers, media_type=file.type)
