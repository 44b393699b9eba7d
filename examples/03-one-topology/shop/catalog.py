"""What there is to buy: Flask, which calls with requests."""

from __future__ import annotations

import requests
from flask import Flask

app = Flask(__name__)


@app.get("/items")
def items() -> list[str]:
    """Ask for prices."""
    requests.get("http://pricing/prices", timeout=20)
    return ["book"]
