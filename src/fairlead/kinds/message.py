"""Pydantic's findings in the words of somebody who writes YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fairlead.kinds.spec import Spec, described
from fairlead.kinds.suggestion import choose, meant
from fairlead.kinds.violation import Loc

_WANTED = {
    "string_type": "a string",
    "dict_type": "a map",
    "mapping_type": "a map",
    "list_type": "a list",
    "tuple_type": "a list",
    "model_type": "a map",
    "model_attributes_type": "a map",
    "literal_error": "a string",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "bool_type": "true or false",
}

_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}

_QUOTED = re.compile(r"'([^']*)'")


def complaints(
    error: ValidationError, model: type[BaseModel], above: Loc = ()
) -> Iterator[tuple[Loc, str]]:
    """Yield (path, message) for every finding in `error`, about what is at `above` in a `model`."""
    details = error.errors(include_url=False, include_context=True)
    locs = [tuple(part for part in detail["loc"] if part != "[key]") for detail in details]
    # Items that were refused are not counted by pydantic: the list is not what is short.
    miscounted = {loc[:length] for loc in locs for length in range(len(loc))}
    for detail, loc in zip(details, locs, strict=True):
        if not (detail["type"] == "too_short" and loc in miscounted):
            yield (*above, *loc), _message(detail, _at(model, (*above, *loc[:-1])))


def _at(model: type[BaseModel], loc: Loc) -> type[BaseModel]:
    """Return what describes the map at `loc` of a `model`."""
    for part in loc:
        for name, info in model.model_fields.items():
            if part in (info.alias or name, name):
                model = _innermost(info.annotation) or model
                break
    return model


def _innermost(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_innermost(argument) for argument in get_args(annotation))
    return next((model for model in found if model), None)


def _message(detail: ErrorDetails, model: type[BaseModel]) -> str:
    kind, value = detail["type"], detail["input"]
    if kind == "missing":
        return "required"
    if kind == "extra_forbidden":
        return f"unknown field{_hint(str(detail['loc'][-1]), model)}"
    if kind == "literal_error" and isinstance(value, str):
        allowed = _QUOTED.findall(detail.get("ctx", {}).get("expected", ""))
        return choose(str(detail["loc"][-1]), value, allowed)
    if kind in _WANTED:
        advice = ": quote the value" if _WANTED[kind] == "a string" and _scalar(value) else ""
        return f"must be {_WANTED[kind]}, got {described(value)}{advice}"
    if kind in ("too_short", "too_long"):
        context = detail.get("ctx", {})
        bound = "at least" if kind == "too_short" else "at most"
        size = context.get("min_length", context.get("max_length"))
        return f"needs {bound} {size}, has {context.get('actual_length')}"
    return _bounded(detail) or detail["msg"]


def _hint(name: str, model: type[BaseModel]) -> str:
    """Say what may be meant by a field that a `model` has not."""
    elsewhere = model.elsewhere.get(name) if issubclass(model, Spec) else None
    if elsewhere is not None:
        return f" here: {elsewhere}"
    known = tuple(info.alias or name for name, info in model.model_fields.items())
    return meant(name, known) or "; allowed: " + ", ".join(known)


def _bounded(detail: ErrorDetails) -> str:
    """Say which bound a number or a text is beyond, ``""`` for none."""
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind in _BOUNDS:
        bound, key = _BOUNDS[kind]
        return f"must be {bound} {context.get(key)}, got {described(value)}"
    if kind == "string_too_short":
        return f"has {len(value)} characters: write at least {context.get('min_length')}"
    if kind == "string_too_long":
        return f"has {len(value)} characters: write at most {context.get('max_length')}"
    return ""


def _scalar(value: Any) -> bool:
    return isinstance(value, bool | int | float)
