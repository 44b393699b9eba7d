"""What is different between two OpenAPI documents, and what a caller breaks by."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from fairlead.control.contracts.change import Change
from fairlead.control.contracts.openapi import compared


class Item(BaseModel):
    name: str
    price: float
    note: str | None = None


class Order(BaseModel):
    items: list[Item]
    total: float


def document(change: Any = None) -> Any:
    """Return what FastAPI says of a small shop, which `change` may change."""
    app = FastAPI()

    @app.get("/orders/{id}")
    def read(id: int, full: bool = False) -> Order:
        raise NotImplementedError

    @app.post("/orders")
    def create(item: Item) -> Order:
        raise NotImplementedError

    made = app.openapi()
    if change is not None:
        change(made)
    return made


def changes(change: Any) -> list[Change]:
    return list(compared(document(), document(change)))


def schema(made: Any, name: str) -> Any:
    return made["components"]["schemas"][name]


def test_nothing_is_different_between_equal_documents():
    assert list(compared(document(), document())) == []


def test_an_operation_that_is_gone_breaks_and_a_new_one_does_not():
    """The callers of the first are there, those of the second are not."""
    (gone,) = changes(lambda made: made["paths"].pop("/orders"))
    assert (gone.where, gone.part, gone.change, gone.breaking) == (
        "POST /orders",
        "operation",
        "removed",
        True,
    )
    (new,) = compared({"paths": {}}, {"paths": {"/x": {"get": {}}}})
    assert (new.change, new.breaking) == ("added", False)


@pytest.mark.parametrize("required", [True, False])
def test_a_field_that_has_to_be_sent_breaks(required):
    """Callers do not send it yet; what is answered has one more, which nobody minds."""

    def change(made: Any) -> None:
        item = schema(made, "Item")
        item["properties"]["colour"] = {"type": "string"}
        item["required"] += ["colour"] if required else []

    found = changes(change)
    asked = [one for one in found if one.part == "request"]
    assert [(one.name, one.change, one.breaking) for one in asked] == [
        ("colour", "added", required)
    ]
    answered = [one for one in found if one.part == "response 200"]
    assert {(one.name, one.breaking) for one in answered} == {("items[].colour", False)}


def test_a_field_that_is_answered_no_more_breaks():
    """However deep it was."""

    def change(made: Any) -> None:
        item = schema(made, "Item")
        del item["properties"]["price"]
        item["required"].remove("price")

    found = {(one.part, one.name, one.breaking) for one in changes(change)}
    assert ("response 200", "items[].price", True) in found
    assert ("request", "price", False) in found


def test_another_type_breaks_both_ways():
    def change(made: Any) -> None:
        schema(made, "Item")["properties"]["price"]["type"] = "string"

    found = changes(change)
    assert {(one.part, one.detail, one.breaking) for one in found} == {
        ("request", "number → string", True),
        ("response 200", "number → string", True),
    }


def test_parameters_are_compared_by_place_and_name():
    def change(made: Any) -> None:
        for one in made["paths"]["/orders/{id}"]["get"]["parameters"]:
            if one["name"] == "full":
                one["required"] = True

    (found,) = changes(change)
    assert (found.part, found.name, found.breaking) == ("parameter", "query full", True)


@pytest.mark.parametrize(
    "strange",
    [
        {},
        {"paths": []},
        {"paths": {"/x": {"get": {"parameters": {"a": 1}, "responses": []}}}},
        {"paths": {"/x": {"get": {"requestBody": {"$ref": "#/nowhere"}}}}},
        {"paths": {"/x": None}},
    ],
)
def test_a_strange_document_is_read_as_far_as_it_goes(strange):
    """It is an application's, and nobody has checked it."""
    list(compared(strange, document()))
    list(compared(document(), strange))


def test_a_schema_that_contains_itself_has_an_end():
    def change(made: Any) -> None:
        schema(made, "Item")["properties"]["parts"] = {
            "type": "array",
            "items": {"$ref": "#/components/schemas/Item"},
        }

    assert changes(change)
    again = {"components": {"schemas": {"A": {"$ref": "#/components/schemas/A"}}}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}
    looped = {**again, "paths": {"/x": {"get": {"requestBody": body}}}}
    assert list(compared(looped, looped)) == []
