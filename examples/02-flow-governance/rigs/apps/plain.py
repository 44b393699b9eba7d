"""The same in Flask."""

from __future__ import annotations

import threading
import time

from flask import Flask
from rigs.apps.work import CONNECTIONS, IO_SECONDS, burn

app = Flask(__name__)
connections = threading.Semaphore(CONNECTIONS)


@app.get("/cpu")
def cpu() -> str:
    burn()
    return "computed"


@app.get("/io")
def io() -> str:
    with connections:
        time.sleep(IO_SECONDS)
    return "asked"


@app.get("/healthz")
def healthz() -> str:
    return "ok"
