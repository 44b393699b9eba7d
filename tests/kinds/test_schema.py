"""The OpenAPI dialect of Kubernetes, derived from the models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import Field

from fairlead.kinds import KINDS
from fairlead.kinds.schema import definition_schema, model_schema, object_schema
from fairlead.kinds.spec import MatchText, Spec

KNOWN = {
    "type",
    "description",
    "properties",
    "required",
    "items",
    "additionalProperties",
    "enum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "minimum",
    "maximum",
    "x-kubernetes-int-or-string",
    "x-kubernetes-preserve-unknown-fields",
}


def nodes(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema within `schema`, with its path."""
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if key in schema:
            yield from nodes(schema[key], f"{path}[]")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_a_schema_is_structural(kind):
    """An API server refuses a definition that is not."""
    for path, node in nodes(definition_schema(kind)):
        assert set(node) <= KNOWN, path
        typed = "type" in node
        marked = any(key.startswith("x-kubernetes") for key in node)
        assert typed or marked, path
        assert not ("properties" in node and "additionalProperties" in node), path


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_every_field_is_explained_to_people(kind):
    """`kubectl explain` prints the descriptions and nothing else."""
    for path, node in nodes(object_schema(kind)):
        if not path.endswith("[]"):
            assert node.get("description", "").strip().endswith((".", '5".')), path


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_an_object_carries_its_group_version_and_kind(kind):
    """It is what kubectl finds a schema by."""
    names = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    assert object_schema(kind)["x-kubernetes-group-version-kind"] == [names]
    assert definition_schema(kind)["properties"]["metadata"] == {"type": "object"}


def test_pydantics_dialect_is_translated():
    """The table of everything that differs."""

    class Inner(Spec):
        """An inner thing."""

        text: MatchText | None = None

    class Model(Spec):
        """A model."""

        number: int = Field(gt=0, le=5, description="A number.")
        inner: Inner | None = Field(default=None, description="Said by the field.")
        several: dict[str, Inner] = Field(default_factory=dict)
        other: Inner

    schema = model_schema(Model)
    inner = {"text": {"x-kubernetes-int-or-string": True}}
    assert schema["properties"] == {
        "number": {
            "type": "integer",
            "minimum": 0,
            "exclusiveMinimum": True,
            "maximum": 5,
            "description": "A number.",
        },
        "inner": {"type": "object", "properties": inner, "description": "Said by the field."},
        "several": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": inner,
                "description": "An inner thing.",
            },
        },
        "other": {"type": "object", "properties": inner, "description": "An inner thing."},
    }
    assert schema["required"] == ["number", "other"]
