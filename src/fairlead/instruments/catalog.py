"""Which module's import brings which instrument in.

Read at interpreter start-up, also where no library is ever imported: nothing but the table here.
"""

from __future__ import annotations

LIBRARIES: tuple[tuple[str, str], ...] = (
    ("aiohttp.connector", "aiohttp"),
    ("flask", "flask"),
    ("gunicorn.workers.base", "gunicorn"),
    ("gunicorn.workers.gasgi", "gunicorn"),
    ("gunicorn.workers.gthread", "gunicorn"),
    ("httpx", "httpx"),
    ("requests.sessions", "requests"),
    ("starlette.applications", "starlette"),
    ("urllib3.connectionpool", "urllib3"),
    ("uvicorn.server", "uvicorn"),
    ("werkzeug.serving", "werkzeug"),
)
"""The module whose import triggers, and the file in `libs/`. One module may trigger several."""

COMPANIONS: tuple[tuple[str, str], ...] = (
    ("concurrent.futures._base", "python"),
    ("concurrent.futures.process", "python"),
    ("concurrent.futures.thread", "python"),
    ("gevent", "gevent"),
    ("gevent.pool", "gevent"),
    ("gevent.threadpool", "gevent"),
    ("multiprocessing.pool", "python"),
    ("multiprocessing.process", "python"),
    ("threading", "python"),
)
"""What carries a request's lane on: hooked with the first of LIBRARIES, as there is none before."""

CATALOG = LIBRARIES + COMPANIONS
