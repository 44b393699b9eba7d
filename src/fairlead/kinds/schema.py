"""A kind's model as a structural OpenAPI v3 schema in the dialect of Kubernetes.

The only place that knows the dialect: no ``$ref``, no ``anyOf`` with null, no
``additionalProperties`` beside ``properties``, boolean ``exclusiveMinimum``, and integer-or-string
as an extension. Serves ``/openapi/v3`` (``kubectl explain``) and CustomResourceDefinitions.

The schema describes the canonical form. Validation is `admission.py`'s: it also reads older
spellings that a schema cannot say (`headers` as a list), and knows rules across fields.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from fairlead.kinds.kind import Kind
from fairlead.kinds.metadata import AuthoredMetadata
from fairlead.kinds.spec import Spec

Schema: TypeAlias = dict[str, Any]

_LEFT_OUT = ("title", "default", "$defs", "propertyNames", "x-fairlead-later", "x-fairlead-known")


def object_schema(kind: Kind[Any]) -> Schema:
    """Return the schema of a whole object of `kind`, as served under ``/openapi/v3``."""
    schema = _object(kind, metadata=model_schema(AuthoredMetadata))
    names = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    return {**schema, "x-kubernetes-group-version-kind": [names]}


def definition_schema(kind: Kind[Any]) -> Schema:
    """Return the schema for a CustomResourceDefinition, where `metadata` may not be described."""
    return _object(kind, metadata={"type": "object"})


def model_schema(model: type[Spec]) -> Schema:
    """Return the schema of one model, everything it refers to written out."""
    raw = model.model_json_schema(by_alias=True)
    return _structural(raw, raw.get("$defs", {}))


def _object(kind: Kind[Any], metadata: Schema) -> Schema:
    spec = model_schema(kind.spec)
    return {
        "type": "object",
        "description": spec.get("description", ""),
        "required": ["metadata", "spec"],
        "properties": {
            "apiVersion": {"type": "string", "description": f"Always {kind.api_version}."},
            "kind": {"type": "string", "description": f"Always {kind.kind}."},
            "metadata": metadata,
            "spec": spec,
            "status": {
                "type": "object",
                "description": "Written by the control plane: on how many workloads it is live.",
                "x-kubernetes-preserve-unknown-fields": True,
            },
        },
    }


def _structural(raw: Schema, definitions: dict[str, Schema]) -> Schema:
    schema = {key: value for key, value in raw.items() if key not in _LEFT_OUT}
    if "$ref" in schema:
        name = schema.pop("$ref").rpartition("/")[2]
        # What a field says of itself comes before what its type says.
        return {**_structural(definitions[name], definitions), **schema}
    if "anyOf" in schema:
        options = [o for o in schema.pop("anyOf") if o.get("type") != "null"]
        return {**_structural(options[0], definitions), **schema}
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    for bound in ("Minimum", "Maximum"):
        exclusive = f"exclusive{bound}"
        if exclusive in schema:
            schema |= {bound.lower(): schema[exclusive], exclusive: True}
    return _with_children(schema, definitions)


def _with_children(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    if "properties" in schema:
        properties = schema["properties"].items()
        schema["properties"] = {key: _structural(value, definitions) for key, value in properties}
    if isinstance(schema.get("additionalProperties"), dict) and "properties" not in schema:
        values = schema["additionalProperties"]
        schema["additionalProperties"] = _structural(values, definitions)
    else:
        schema.pop("additionalProperties", None)
    if "items" in schema:
        schema["items"] = _structural(schema["items"], definitions)
    return schema
