"""The command line of ``fairlead serve``; what it starts is in `serve.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from fairlead.cli import command
from fairlead.cli.serve import serve


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead serve``."""
    return command.run("serve", arguments, serve=_serve)


def _serve(
    data_dir: Annotated[
        str | None,
        typer.Option("--data-dir", help="Directory that keeps everything.", show_default=False),
    ] = None,
    listen: Annotated[
        str | None,
        typer.Option("--listen", help="HOST:PORT; 127.0.0.1:8580 if left out.", show_default=False),
    ] = None,
) -> None:
    """Run the control plane until a signal arrives."""
    raise typer.Exit(serve(data_dir, listen))
