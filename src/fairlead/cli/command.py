"""What the verbs of the `control` extra have in common: options, and how typer runs them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated, Any, TypeAlias

import typer

from fairlead.cli.failure import OK, USAGE
from fairlead.cli.target import with_files

Namespace: TypeAlias = Annotated[
    str | None, typer.Option("--namespace", "-n", help="Namespace; `default` if left out.")
]
Server: TypeAlias = Annotated[
    str,
    typer.Option(
        "--server", envvar="FAIRLEAD_CONTROL", help="URL of the control plane.", show_default=True
    ),
]
AllNamespaces: TypeAlias = Annotated[
    bool, typer.Option("--all-namespaces", "-A", help="All namespaces.")
]
Files: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--filename",
        "-f",
        help="A YAML, JSON or Python file, a directory, or - for standard input. May repeat.",
        show_default=False,
    ),
]


class Form(StrEnum):
    """How the answer is printed."""

    TEXT = "text"
    JSON = "json"


DEFAULT_SERVER = "http://127.0.0.1:8580"


def run(verb: str, arguments: Sequence[str], **commands: Callable[..., Any]) -> int:
    """Run a verb's only command, or the one of its `commands` that `arguments` name."""
    app = typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=len(commands) > 1,
    )
    for name, command in commands.items():
        settings = {"help_option_names": ["-h", "--help"]}
        app.command(name, context_settings=settings)(with_files(command))
    if verb not in commands:
        # With one command alone, typer would not ask for its name.
        app.callback(context_settings={"help_option_names": ["-h", "--help"]})(_group)
    try:
        app(list(arguments), prog_name=f"fairlead {verb}")
    except SystemExit as end:
        return _status(end.code)
    return OK


def _group() -> None:
    pass


def _status(code: object) -> int:
    if code is None or isinstance(code, int):
        return code or OK
    print(code, file=sys.stderr)
    return USAGE
