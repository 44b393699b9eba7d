"""Rules of Sentinel, imported and compiled: what agents of the app would enforce."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fairlead.cli.sentinel.documents import Array
from fairlead.cli.sentinel.importing import Imported, read
from fairlead.cli.sentinel.types import NAMES, Type, type_of
from fairlead.compiler import World
from fairlead.policy.flow_rules import FlowRules

FILES = sorted((Path(__file__).parent / "rules").glob("*.json"))

APP = "orders"


def typed(items: list[Any], name: str = "") -> Type:
    found = type_of(items, name)
    assert found is not None
    return found


def imported(*arrays: list[Any], cold_factor: float = 3.0) -> Imported:
    """Return what arrays of rules come to."""
    found = [Array("f: ", typed(items), items) for items in arrays]
    return read(found, APP, "default", cold_factor)


def in_file(path: Path) -> list[Any]:
    """Return the rules of a file."""
    items = json.loads(path.read_text())
    assert isinstance(items, list)
    assert any(name in path.name for name in NAMES)
    return items


def compiled(found: Imported) -> FlowRules:
    """Return the rules of the app's snapshot."""
    return World.of(found.resources, [], 1).snapshot("default", APP).flow


def rules(*items: Any, cold_factor: float = 3.0) -> list[Any]:
    """Return what rules of one type are for an agent."""
    return list(compiled(imported(list(items), cold_factor=cold_factor)))


def said(*items: Any) -> list[str]:
    """Return what is told about rules of one type, without their source."""
    return [str(one).replace("f: ", "") for one in imported(list(items)).said]
