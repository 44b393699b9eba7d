"""Which control plane, with which token, believing whom: what every verb that asks one is told."""

from __future__ import annotations

import functools
import inspect
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Self, TypeAlias, get_type_hints

import typer

from fairlead.cli.failure import ENVIRONMENT, USAGE, Failed

TokenFile: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--token-file",
        envvar="FAIRLEAD_TOKEN_FILE",
        help="File of the token that is sent.",
        show_default=False,
    ),
]
CaFile: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--ca-file",
        envvar="FAIRLEAD_CA_FILE",
        help="File of the authority that is believed; the system's if left out.",
        show_default=False,
    ),
]

LONGEST = 4096
"""Bytes of a token's file."""


class Target(str):
    """The URL of a control plane, with the files that it takes to talk to it."""

    __slots__ = ("ca_file", "token_file")
    token_file: str
    ca_file: str

    @classmethod
    def of(cls, url: str, token_file: str | None, ca_file: str | None) -> Self:
        """Return the URL with its files."""
        target = cls(url)
        target.token_file, target.ca_file = token_file or "", ca_file or ""
        return target


def with_files(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return `command` with options for the two files, where it has a `server`: that is a Target.

    A token is read from a file and never taken from the command line, where every user of the
    machine could read it.
    """
    signature = inspect.signature(command)
    if "server" not in signature.parameters:
        return command

    @functools.wraps(command)
    def extended(
        *arguments: Any, token_file: str | None, ca_file: str | None, server: str, **more: Any
    ) -> Any:
        return command(*arguments, server=Target.of(server, token_file, ca_file), **more)

    hints = get_type_hints(command, include_extras=True)
    hints |= {"token_file": TokenFile, "ca_file": CaFile}
    own = [one.replace(annotation=hints[name]) for name, one in signature.parameters.items()]
    files = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hints[name]
        )
        for name in ("token_file", "ca_file")
    ]
    extended.__signature__ = signature.replace(parameters=[*own, *files])  # type: ignore[attr-defined]
    extended.__annotations__ = hints
    return extended


def token_in(path: str) -> str:
    """Return the token in the file at `path`. Raises Failed, also where others may read it."""
    try:
        with Path(path).open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read(LONGEST + 1)
    except OSError as error:
        raise Failed(f"token file {path}: {error.strerror or error}", ENVIRONMENT) from error
    if mode & 0o027:
        who = "everybody may read it" if mode & 0o004 else "others may write it"
        raise Failed(f"token file {path}: {who}, and it is not used: chmod 600 {path}", USAGE)
    token = text.decode("ascii", "replace").strip()
    if not token or len(text) > LONGEST or not token.isprintable() or " " in token:
        raise Failed(f"token file {path}: holds no token, which is one word", USAGE)
    return token
