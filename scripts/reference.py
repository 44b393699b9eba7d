"""Tell the reference pages of the documentation, as one JSON object of texts by path.

Everything stands in the code already: kinds in their models, settings in their tables, commands in
their help.
"""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from fairlead.agent import settings as agent
from fairlead.cli.main import VERBS
from fairlead.control import settings as control
from fairlead.kinds.catalog import KINDS
from fairlead.kinds.kind import Kind
from fairlead.kinds.schema import object_schema


def kinds() -> str:
    """Return the page of all kinds."""
    parts = [
        "# Kinds",
        "",
        "What people write. `kubectl explain KIND.spec.FIELD` says the same of a running server.",
        "Required fields are **bold**.",
    ]
    groups: dict[str, list[Kind[Any]]] = {}
    for kind in KINDS:
        groups.setdefault(kind.group, []).append(kind)
    for group, members in groups.items():
        parts += ["", f"## {group}"]
        for kind in members:
            parts += ["", f"### {kind.kind}", "", *_kind(kind)]
    return "\n".join(parts) + "\n"


def _kind(kind: Kind[Any]) -> Iterator[str]:
    schema = object_schema(kind)
    yield _escaped(" ".join(schema["description"].split()))
    short = f", short `{'`, `'.join(kind.short_names)}`" if kind.short_names else ""
    yield ""
    yield f"`apiVersion: {kind.api_version}`, plural `{kind.plural}`{short}."
    yield ""
    yield "| field | type | |"
    yield "|---|---|---|"
    yield from _fields(schema["properties"]["spec"], "spec")


def _fields(schema: dict[str, Any], path: str, depth: int = 0) -> Iterator[str]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        at = f"{path}.{name}"
        shown = f"**`{at}`**" if name in required else f"`{at}`"
        text = " ".join(field.get("description", "").split())
        yield f"| {shown} | {_type(field)} | {_escaped(text)} |"
        inner, suffix = field, ""
        while inner.get("type") == "array":
            inner, suffix = inner.get("items", {}), f"{suffix}[]"
        if depth < 4:
            yield from _fields(inner, at + suffix, depth + 1)


def _type(field: dict[str, Any]) -> str:
    if field.get("x-kubernetes-int-or-string"):
        return "integer or string"
    if "enum" in field:
        return " · ".join(f"`{value}`" for value in field["enum"])
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    if isinstance(field.get("additionalProperties"), dict):
        return f"map of {_type(field['additionalProperties'])}"
    return str(field.get("type", "any"))


def settings() -> str:
    """Return the page of all settings."""
    parts = ["# Settings", "", "## The agent", ""]
    parts += ["| variable | also | default | |", "|---|---|---|---|"]
    reasons = _reasons(agent.Settings)
    defaults = {field.name: field.default for field in fields(agent.Settings)}
    for variable in agent.VARIABLES:
        also = ", ".join(f"`{name}`" for name in variable.foreign)
        default = defaults[variable.field]
        shown = "" if default in ("", None, ()) else f"`{default}`"
        why = _escaped(reasons.get(variable.field, ""))
        parts.append(f"| `{variable.name}` | {also} | {shown} | {why} |")
    parts += ["", "More about them: [the agent](../agent.md#settings).", ""]
    parts += ["## The control plane", "", "| variable | option | |", "|---|---|---|"]
    reasons = _reasons(control.Settings)
    for field, name in control.VARIABLES.items():
        option = name.removeprefix("FAIRLEAD_").lower().replace("_", "-")
        parts.append(f"| `{name}` | `--{option}` | {_escaped(reasons.get(field, ''))} |")
    return "\n".join(parts) + "\n"


_FIELD = re.compile(r'^    (\w+):[^\n]*\n(?:    """(.*?)""")?', re.MULTILINE | re.DOTALL)


def _reasons(settings: type) -> dict[str, str]:
    """Return what stands below each field of a class of settings."""
    found = _FIELD.findall(inspect.getsource(settings))
    return {name: " ".join(reason.split()) for name, reason in found if reason}


def commands() -> str:
    """Return the page of the command line."""
    parts = ["# Command line", "", *_fenced(_help([]))]
    for verb in VERBS:
        parts += ["", f"## fairlead {verb.name}", "", *_fenced(_help([verb.name]))]
    return "\n".join(parts) + "\n"


def _help(words: list[str]) -> str:
    told = subprocess.run(
        [sys.executable, "-m", "fairlead.cli.main", *words, "--help"],
        check=True,
        capture_output=True,
        text=True,
        env={"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "HOME": "/nowhere"},
    )
    return told.stdout


def _fenced(text: str) -> Iterable[str]:
    return ("```text", text.strip("\n"), "```")


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("{", "&#123;")


def main() -> None:
    """Print all pages."""
    pages = {"reference/kinds.md": kinds(), "reference/settings.md": settings()}
    pages["reference/cli.md"] = commands()
    json.dump(pages, sys.stdout)


if __name__ == "__main__":
    main()
