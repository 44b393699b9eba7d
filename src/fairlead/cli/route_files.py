"""A RouteConfiguration and tests of it, read from YAML or JSON; faults name field and line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import json_format

from fairlead.cli.failure import Failed
from fairlead.protocols.xds import pb
from fairlead.protocols.xds.fields import Unreadable
from fairlead.protocols.xds.reading import Reading, route_table

_CONFIGURATION = "envoy.config.route.v3.RouteConfiguration"
_UNKNOWN = re.compile(r'has no field named "(\w+)" at "(?:\w+)\.?([^"]*)"')
_STEP = re.compile(r"(\w+)|\[(\d+)\]")


def plain(file: str) -> Any:
    """Return what a file holds. YAML's reader takes JSON as well, with commas that end a list."""
    try:
        return yaml.safe_load(_text(file))
    except yaml.YAMLError as error:
        raise Failed(f"{file}: not YAML or JSON: {error}") from error


def configuration(file: str) -> Reading:
    """Read a RouteConfiguration.

    Raises:
        Failed: The file cannot be read, or says what is not evaluated here.
    """
    content = plain(file)
    if not isinstance(content, dict):
        raise Failed(f"{file}: not a RouteConfiguration")
    try:
        return route_table(pb.from_json(_durations(content), _CONFIGURATION))
    except json_format.ParseError as error:
        found = _UNKNOWN.search(str(error))
        if found is None:
            raise Failed(f"{file}: {error}") from error
        path = f"{found[2]}.{found[1]}".lstrip(".")
        raise Failed(f"{file}{line(file, path)}: {path}: there is no such field") from error
    except Unreadable as error:
        raise Failed(f"{file}{line(file, error.path)}: {error}") from error


def line(file: str, path: str) -> str:
    """Return ``:LINE`` of a field, or of the last part of its path that is there."""
    node = yaml.compose(_text(file), Loader=yaml.SafeLoader)
    number = 1
    for name, place in _STEP.findall(path):
        found = _within(node, name, int(place) if place else None)
        if found is None:
            break
        number, node = found
    return f":{number}"


def _within(node: Any, name: str, place: int | None) -> tuple[int, Any] | None:
    if place is not None:
        if not isinstance(node, yaml.SequenceNode) or place >= len(node.value):
            return None
        return node.value[place].start_mark.line + 1, node.value[place]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if snake(str(key.value)) == name:
                return key.start_mark.line + 1, value
    return None


def snake(name: str) -> str:
    """Return a field's name as the sources spell it: ``testName`` is ``test_name``."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1].lower(), name)


def _durations(content: Any) -> Any:
    """Return `content` with durations as JSON has them: ``{seconds: 30}`` is written, too."""
    if isinstance(content, list):
        return [_durations(one) for one in content]
    if not isinstance(content, Mapping):
        return content
    if content and content.keys() <= {"seconds", "nanos"}:
        nanos = int(content.get("nanos", 0))
        return f"{int(content.get('seconds', 0))}.{nanos:09d}s"
    return {key: _durations(value) for key, value in content.items()}


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"{file}: cannot be read: {error}") from error
