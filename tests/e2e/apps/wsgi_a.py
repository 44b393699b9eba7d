"""A WSGI application that says which process answered, and what is below it."""

from __future__ import annotations

import os

import requests
from flask import Flask

app = Flask(__name__)


@app.get("/a")
def a() -> str:
    response = requests.get("http://c/c", timeout=10)
    response.raise_for_status()
    return f"A[{os.getpid()}]→{response.text}"
