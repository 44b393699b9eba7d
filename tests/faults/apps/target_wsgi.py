"""A WSGI application that takes its time: for one answer, for a body in pieces."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from flask import Flask, Response, request

app = Flask(__name__)


@app.route("/who", methods=["GET", "POST"])
def who() -> str:
    request.get_data()
    return f"{os.getpid()}"


@app.get("/slow")
def slow() -> str:
    time.sleep(float(request.args["seconds"]))
    return f"{os.getpid()}"


@app.get("/stream")
def stream() -> Response:
    seconds = float(request.args["seconds"])

    def pieces() -> Iterator[str]:
        for number in range(20):
            time.sleep(seconds / 20)
            yield f"{number}\n"

    return Response(pieces())
