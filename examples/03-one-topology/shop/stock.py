"""What is left: FastAPI, in two versions of what it promises."""

from __future__ import annotations

import os

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str


class Counted(Item):
    count: int


if os.environ.get("STOCK_VERSION") == "2":

    @app.get("/items/{number}", summary="Tell what it is")
    async def item(number: int) -> Item:
        return Item(name=str(number))

    @app.post("/items", summary="Take one in")
    async def add(name: str) -> Item:
        return Item(name=name)
else:

    @app.get("/items/{number}", summary="Tell how many there are")
    async def counted(number: int) -> Counted:
        return Counted(name=str(number), count=number)

    @app.delete("/items/{number}", summary="Throw it away")
    async def remove(number: int) -> None:
        """Forget it."""
