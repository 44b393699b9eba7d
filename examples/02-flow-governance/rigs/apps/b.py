"""B: asks C, and adds to what it says."""

from __future__ import annotations

import requests
from flask import Flask

app = Flask(__name__)


@app.get("/price")
def price() -> tuple[str, int]:
    answer = requests.get("http://c/stock", timeout=10)
    return f"price, {answer.text}", answer.status_code


@app.get("/health")
def health() -> str:
    return "ok"
