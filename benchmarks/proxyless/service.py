"""One hop: answers, after the next one where there is one. Run by its port, as aiohttp or httpx.

HOP_URL is where the next one is called, HOP_HOST what it is called there (an Envoy tells apps by
it), HOP_FORWARD has it send labels on itself, as a service without the agent has to.
"""

from __future__ import annotations

import os
import sys

URL, HOST = os.environ.get("HOP_URL", ""), os.environ.get("HOP_HOST", "")
FORWARD = bool(os.environ.get("HOP_FORWARD"))


def headers(baggage: str) -> dict[str, str]:
    """Return the headers of the next call."""
    found = {"host": HOST} if HOST else {}
    if FORWARD and baggage:
        found["baggage"] = baggage
    return found


def serve_aiohttp(port: int) -> None:
    """Serve with aiohttp, and call with it."""
    from aiohttp import ClientSession, web

    session: list[ClientSession] = []

    async def work(request: web.Request) -> web.Response:
        if not URL:
            return web.Response(text="ok")
        if not session:
            session.append(ClientSession())
        own = headers(request.headers.get("baggage", ""))
        async with session[0].get(URL, headers=own) as answer:
            return web.Response(text=await answer.text(), status=answer.status)

    app = web.Application()
    app.router.add_get("/work", work)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


def serve_httpx(port: int) -> None:
    """Serve with Starlette on uvicorn, and call with httpx."""
    import httpx
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, Response
    from starlette.routing import Route

    client = httpx.AsyncClient(trust_env=False)

    async def work(request: Request) -> Response:
        if not URL:
            return PlainTextResponse("ok")
        answer = await client.get(URL, headers=headers(request.headers.get("baggage", "")))
        return PlainTextResponse(answer.text, answer.status_code)

    app = Starlette(routes=[Route("/work", work)])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


if __name__ == "__main__":
    (serve_aiohttp if sys.argv[1] == "aiohttp" else serve_httpx)(int(sys.argv[2]))
