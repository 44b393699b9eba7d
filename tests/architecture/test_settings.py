"""Every setting is a field with a reason and a variable, and is read in one place."""

from __future__ import annotations

import ast
from dataclasses import fields

import pytest

import fairlead.agent.settings
import fairlead.control.settings
from fairlead.agent.spelling import doubts
from tests.architecture.tree import PACKAGE, place, python_files, tree_of

FIXED = {
    "lease", "renew", "farewell", "heartbeat", "gather", "status_gather", "write_deadline",
    "remember_apps", "objects", "history_bytes", "watchers", "connections",
    "accepts", "accepts_at_once", "handshakes", "handshakes_at_once", "limits",
}  # fmt: skip
"""Fields of the control plane that the contract fixes; only tests choose them."""

DOORS = {
    "agent/attach.py", "agent/bootstrap.py",
    "cli/run.py", "cli/go.py", "cli/doctor/command.py", "cli/serve.py", "cli/complete.py",
    "cli/assess/command.py", "cli/bootstrap/command.py", "cli/gateway.py", "cli/sidecar.py",
}  # fmt: skip
"""Where a program begins, and hands its environment to what reads it."""

OTHERS = {
    "cli/terminal.py",  # NO_COLOR, TERM, EDITOR: what every program on a terminal heeds
    "instruments/commands.py",  # what a child process would be given anyway
    "instruments/postgres.py",  # libpq's own variables, PGHOST and its like
    "instruments/secret.py",  # the variable that a rule names for a password
}
"""Read variables that are no settings of ours."""


def test_every_setting_of_the_agent_has_one_variable():
    """A field without one can be set by nobody; two for one would disagree."""
    variables = fairlead.agent.settings.VARIABLES
    names = [variable.name for variable in variables]

    assert sorted(variable.field for variable in variables) == sorted(
        field.name for field in fields(fairlead.agent.settings.Settings)
    )
    assert len(set(names)) == len(names)
    assert all(name.startswith("FAIRLEAD_") for name in names)


def test_every_setting_of_the_control_plane_has_a_variable_or_is_fixed():
    """Whoever adds a field decides whether it is an operator's."""
    settable = {"listen": {"host", "port"}, "prometheus_credentials": {"prometheus"}}
    variables = fairlead.control.settings.VARIABLES
    covered = set().union(*(settable.get(name, {name}) for name in variables))
    names = {field.name for field in fields(fairlead.control.settings.Settings)}

    assert covered | FIXED == names
    assert covered & FIXED == set()
    assert all(name.startswith("FAIRLEAD_") for name in variables.values())


def test_no_agent_doubts_a_variable_of_ours():
    """What is in neither table nor `agent.spelling.OTHERS` is called misspelt at every start."""
    ours = {variable.name for variable in fairlead.agent.settings.VARIABLES}
    ours.update(fairlead.control.settings.VARIABLES.values())

    assert [doubt for doubt in doubts(dict.fromkeys(ours, "x")) if "no setting" in doubt] == []


@pytest.mark.parametrize("module", [fairlead.agent.settings, fairlead.control.settings])
def test_settings_are_frozen(module):
    """A setting that changes under way is state, and belongs elsewhere."""
    assert module.Settings.__dataclass_params__.frozen


def test_only_the_doors_look_at_the_environment():
    """A variable read deep inside is in no table and in no documentation."""
    readers = {
        place(path, node.lineno)
        for path in python_files(PACKAGE)
        if str(path.relative_to(PACKAGE)) not in DOORS | OTHERS
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb")
            and isinstance(node.value, ast.Name) and node.value.id == "os")
    }  # fmt: skip

    assert readers == set()
