"""Other versions of fairlead: copies of the package in which a few lines say something else.

An edit names the text that it replaces, so that a change of the package that makes it void fails
the test and not its point.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import fairlead


class Edit(NamedTuple):
    """Replace `old` by `new` in a file of the package."""

    file: str
    old: str
    new: str


UNREAD = Edit("policy/match.py", 'case "prefix":', 'case "prefix of another version":')
"""An agent to whom ``prefix`` is no operator: it was made before there was one."""

NEXT = (
    Edit("kinds/match.py", '"exists", "percentage"\n]', '"exists", "percentage", "suffix"\n]'),
    Edit(
        "policy/match.py",
        '        case "prefix":\n',
        '        case "suffix":\n            end = _single(operator, values)\n'
        '            return lambda text: text.endswith(end)\n        case "prefix":\n',
    ),
    Edit(
        "policy/snapshot.py",
        "    shadow_databases: tuple[ShadowDatabase, ...] = ()\n",
        "    shadow_databases: tuple[ShadowDatabase, ...] = ()\n"
        "    weather: tuple[str, ...] = ()\n",
    ),
    Edit(
        "compiler/compile.py",
        "            shadow_databases=rules.shadows.databases,\n",
        '            shadow_databases=rules.shadows.databases,\n            weather=("sunny",),\n',
    ),
    Edit(
        "protocols/watch/codec.py",
        '    python: str = ""\n    version: str = ""\n',
        '    python: str = ""\n    version: str = ""\n    mood: str = "good"\n',
    ),
    Edit(
        "kinds/catalog.py",
        "    traffic_label_rule.KIND,\n",
        "    traffic_label_rule.KIND,\n    traffic_label_rule.WEATHER,\n",
    ),
    Edit(
        "compiler/passes.py",
        "    (traffic_label_rule.KIND, compile_traffic_label_rule),\n",
        "    (traffic_label_rule.KIND, compile_traffic_label_rule),\n"
        "    (traffic_label_rule.WEATHER, compile_traffic_label_rule),\n",
    ),
    Edit(
        "kinds/traffic_label_rule.py",
        "def TrafficLabelRule(",
        "import dataclasses\n"
        "WEATHER = dataclasses.replace(KIND, kind='WeatherRule', plural='weatherrules',\n"
        "    singular='weatherrule', short_names=('wr',))\n\n\ndef TrafficLabelRule(",
    ),
)
"""The version after this one: an operator, a kind, a part of snapshots and a field on the wire that
this one does not know."""


def version(folder: Path, edits: Sequence[Edit]) -> dict[str, str]:
    """Make a version below `folder`; return the environment that runs it."""
    package = folder / "fairlead"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(fairlead.__file__).parent, package, ignore=ignore)
    for edit in edits:
        path = package / edit.file
        text = path.read_text("utf-8")
        if edit.old not in text:
            raise AssertionError(f"{edit.file} does not say {edit.old!r} any more")
        path.write_text(text.replace(edit.old, edit.new, 1), "utf-8")
    return {"PYTHONPATH": str(folder)}
