"""``fairlead serve``: run the control plane until a signal arrives.

Exit status 2 for settings that cannot be used, 3 where this machine does not let it start.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from fairlead.cli import command
from fairlead.control.app import run
from fairlead.control.server import CannotListen
from fairlead.control.settings import InvalidSetting, Settings
from fairlead.control.store import DirectoryInUse, StoreFailed

BAD_SETTING, CANNOT_START = 2, 3


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
    governance: Annotated[
        str | None,
        typer.Option(
            "--governance",
            help="off, observe or on (the default): whether namespaces without a label "
            "fairlead.io/governance enforce their rules.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run the control plane until a signal arrives."""
    raise typer.Exit(serve(data_dir, listen, governance=governance))


def serve(
    data_dir: str | None,
    listen: str | None,
    environment: Mapping[str, str] = os.environ,
    *,
    governance: str | None = None,
) -> int:
    """Serve on `listen` with the store in `data_dir`; return the exit status."""
    logging.basicConfig(level=logging.WARNING, format="fairlead: %(message)s")
    try:
        settings = Settings.read(
            environment, data_dir=data_dir, listen=listen, governance=governance
        )
    except InvalidSetting as error:
        return _complain(str(error), BAD_SETTING)
    directory = settings.data_dir

    def ready(url: str) -> None:
        print(f"fairlead: serving on {url}, data in {directory}", flush=True)

    try:
        run(settings, ready)
    except (DirectoryInUse, StoreFailed, CannotListen) as error:
        return _complain(str(error), CANNOT_START)
    except OSError as error:
        reason = f"data directory {directory} cannot be used: {error.strerror or error}"
        return _complain(reason, CANNOT_START)
    return 0


def _complain(message: str, status: int) -> int:
    print(f"fairlead: {message}", file=sys.stderr)
    return status
