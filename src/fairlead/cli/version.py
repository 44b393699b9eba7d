"""``fairlead version``: ours, and the control plane's."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version as version_of
from platform import python_version
from typing import Annotated, Any

import typer

from fairlead.cli import command
from fairlead.cli.command import DEFAULT_SERVER, Server
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.printing import WholeOutput, document


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead version``."""
    return command.run("version", arguments, COMMANDS)


def version(
    *,
    client: Annotated[bool, typer.Option("--client", help="Ask no control plane.")] = False,
    output: WholeOutput = None,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Show the version of this command and of the control plane."""
    own = version_of("fairlead")
    found: dict[str, Any] = {"client": {"version": own, "python": python_version()}}
    text = output is None
    if text:
        print(f"fairlead {own}, Python {python_version()}", flush=True)
    if not client:
        control = ControlPlane(server)
        told = control.call("GET", "/version")
        theirs = str(told.get("gitVersion", "")).partition("+fairlead-")[2] or "unknown"
        found["server"] = {"version": theirs, "url": control.url, "kubernetes": told["gitVersion"]}
        if text:
            print(f"control plane {theirs} at {control.url}")
    if not text:
        print(document(found, output))


COMMANDS: command.Commands = {"version": version}
