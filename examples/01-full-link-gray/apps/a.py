"""A answers with its version and with what is below it."""

from __future__ import annotations

import os

import requests
from flask import Flask

app = Flask(__name__)
name = "A" + os.environ.get("VERSION", "")


@app.get("/a")
def a() -> str:
    response = requests.get("http://b/b", timeout=10)
    response.raise_for_status()
    return f"{name}→{response.text}"
