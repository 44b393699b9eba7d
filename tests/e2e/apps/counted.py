"""Applications that say which process answered: FastAPI's is `api`, Flask's is `app`."""

from __future__ import annotations

import os

from fastapi import FastAPI
from flask import Flask

api = FastAPI()
app = Flask(__name__)


@api.get("/who")
async def who() -> int:
    return os.getpid()


@app.get("/who")
def flask_who() -> str:
    return str(os.getpid())
