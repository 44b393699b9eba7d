"""Prices: aiohttp."""

from __future__ import annotations

from aiohttp import web


async def prices(request: web.Request) -> web.Response:
    return web.Response(text="5")


app = web.Application()
app.add_routes([web.get("/prices", prices)])

if __name__ == "__main__":
    web.run_app(app, host="127.0.0.1", port=0, access_log=None)
