"""An ordinary ASGI application that says where it runs."""

from __future__ import annotations

import os
from typing import Any

PLACE = os.environ["PLACE"].encode()


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": PLACE})
