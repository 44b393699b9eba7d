"""A, what users see: an ordinary Flask application that asks B for one of its two pages."""

from __future__ import annotations

import os
from pathlib import Path

import requests
from flask import Flask
from rigs.apps.busy import Busy

app = Flask(__name__)


@app.get("/order")
def order() -> tuple[str, int]:
    answer = requests.get("http://b/price", timeout=10)
    return answer.text, answer.status_code


@app.get("/home")
def home() -> str:
    return "home"


app.wsgi_app = Busy(app.wsgi_app, Path(os.environ["BUSY"]))  # type: ignore[method-assign]
