"""Which module's import brings which instrument in.

Read at interpreter start-up, also where no library is ever imported: nothing but the table here.
"""

from __future__ import annotations

CATALOG: tuple[tuple[str, str], ...] = (
    ("aiohttp.connector", "aiohttp"),
    ("flask", "flask"),
    ("gunicorn.workers.base", "gunicorn"),
    ("httpx", "httpx"),
    ("requests.sessions", "requests"),
    ("starlette.applications", "starlette"),
    ("urllib3.connectionpool", "urllib3"),
    ("uvicorn.server", "uvicorn"),
    ("werkzeug.serving", "werkzeug"),
)
"""The module whose import triggers, and the file in `libs/`. One module may trigger several."""
