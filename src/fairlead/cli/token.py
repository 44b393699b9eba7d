"""``fairlead token``: make, list and revoke tokens, at a control plane or in its data directory.

Who may write the data directory needs no token to make one: that is the way back in for an admin
who has lost theirs. A running server sees the change at once.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from fairlead.cli import command
from fairlead.cli.command import DEFAULT_SERVER, Namespace, Server
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.failure import ENVIRONMENT, REFUSED, USAGE, Failed
from fairlead.cli.printing import Form, Output, document, put
from fairlead.cli.table import tabled
from fairlead.control.access.records import (
    InvalidToken,
    TokenFile,
    TokensUnusable,
    check_name,
    make,
    read_grants,
)
from fairlead.policy.workload import DEFAULT_NAMESPACE

PATH = "/fairlead/v1/tokens"

Plain = Mapping[str, Any]
DataDir: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--data-dir",
        help="Work on a control plane's data directory, without asking it.",
        show_default=False,
    ),
]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead token``."""
    return command.run("token", arguments, COMMANDS)


def create(  # noqa: PLR0913 - one parameter for each option
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is; logs show it.")],
    *,
    role: Annotated[
        list[str] | None,
        typer.Option(
            "--role",
            help="view, edit or admin, in -n or with ROLE@NAMESPACE elsewhere, @* everywhere. "
            "May repeat.",
            show_default=False,
        ),
    ] = None,
    app: Annotated[
        str | None,
        typer.Option("--app", help="For the agent of this app instead.", show_default=False),
    ] = None,
    namespace: Namespace = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", help="When it ends: 90d, 12h, 30m.", show_default=False),
    ] = None,
    write: Annotated[
        str | None,
        typer.Option("--write", help="Write it to this file, mode 0600.", show_default=False),
    ] = None,
    data_dir: DataDir = None,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Make a token and print it, this once."""
    body: dict[str, Any] = {"name": name, "grants": _grants(role or (), app, namespace)}
    if expires:
        body["seconds"] = _seconds(expires)
    with _kept(write) as keep:
        made = _made_locally(data_dir, body) if data_dir else _made(server, body)
        keep(made["token"])
    end = made["expires"] or "never"
    granted = ", ".join(map(_worded, made["grants"]))
    print(f"token {made['name']} ({made['id']}): {granted}; expires {end}", file=sys.stderr)
    print(write or made["token"])


def list_(
    *,
    output: Output = None,
    data_dir: DataDir = None,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Show the tokens there are; their text is kept nowhere."""
    found = _listed(data_dir, server)
    if output in (Form.JSON, Form.YAML):
        print(document({"tokens": found}, output))
        return
    if output is Form.NAME:
        put(one["name"] for one in found)
        return
    rows = [("ID", "NAME", "MAY", "CREATED", "EXPIRES")]
    for one in found:
        granted = ",".join(map(_worded, one["grants"]))
        rows.append((one["id"], one["name"], granted, one["created"], one["expires"] or "never"))
    print("\n".join(tabled(rows)) if found else "no token")


def revoke(
    which: Annotated[str, typer.Argument(metavar="ID|NAME", help="Which token.")],
    *,
    data_dir: DataDir = None,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Make a token worth nothing; what is under way with it ends."""
    found = [one for one in _listed(data_dir, server) if which in (one["id"], one["name"])]
    if not found:
        raise Failed(f"there is no token {which!r}", REFUSED)
    if len(found) > 1:
        ids = ", ".join(one["id"] for one in found)
        raise Failed(f"{len(found)} tokens are called {which!r}: say which, {ids}", USAGE)
    one = found[0]
    if data_dir:
        with _told():
            _file(data_dir).remove(one["id"])
    else:
        ControlPlane(server).call("DELETE", f"{PATH}/{one['id']}")
    print(f"token {one['name']} ({one['id']}) revoked")


def _grants(roles: Sequence[str], app: str | None, namespace: str | None) -> list[dict[str, str]]:
    where = namespace or DEFAULT_NAMESPACE
    if bool(app) == bool(roles):
        raise Failed("say what it is for: --role view, edit or admin, or --app APP", USAGE)
    if app:
        return [{"role": "agent", "namespace": where, "app": app}]
    found = []
    for text in roles:
        role, at, place = text.partition("@")
        found.append({"role": role, "namespace": place if at else where})
    return found


def _seconds(text: str) -> int:
    found = re.fullmatch(r"([1-9][0-9]{0,8})([smhd])", text)
    if not found:
        raise Failed(f"--expires {text!r}: write a number and its unit: 90d, 12h, 30m", USAGE)
    return int(found[1]) * _UNITS[found[2]]


def _made(server: str, body: Plain) -> Plain:
    return ControlPlane(server).call("POST", PATH, body)


def _made_locally(data_dir: str, body: Plain) -> Plain:
    now = datetime.now(UTC)
    with _told():
        seconds = body.get("seconds")
        expires = now + timedelta(seconds=seconds) if seconds else None
        grants = read_grants(body["grants"])
        made = make(check_name(body["name"]), grants, now=now, expires=expires)
        _file(data_dir).add(made.record)
    return {**made.record.shown(), "token": made.text}


def _listed(data_dir: str | None, server: str) -> list[Plain]:
    if not data_dir:
        found: list[Plain] = ControlPlane(server).call("GET", PATH)["tokens"]
        return found
    with _told():
        records = _file(data_dir).read().values()
    return [one.shown() for one in sorted(records, key=lambda one: one.created)]


def _file(data_dir: str) -> TokenFile:
    directory = Path(data_dir)
    if not directory.is_dir():
        raise Failed(f"--data-dir {data_dir}: is no directory", ENVIRONMENT)
    return TokenFile(directory)


@contextmanager
def _told() -> Iterator[None]:
    """Turn what the file of tokens refuses into the end of a command."""
    try:
        yield
    except InvalidToken as error:
        raise Failed(str(error), USAGE) from error
    except (TokensUnusable, OverflowError) as error:
        raise Failed(str(error), ENVIRONMENT) from error


@contextmanager
def _kept(path: str | None) -> Iterator[Callable[[str], None]]:
    """Give what puts a token into the file at `path`, of mode 0600, in place of what is there.

    The file is opened before: a token that cannot be written must not be made.
    """
    if not path:
        yield lambda text: None
        return
    draft = Path(f"{path}.new")

    def keep(text: str) -> None:
        draft.write_text(f"{text}\n")
        draft.replace(path)

    try:
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise Failed(f"--write {path}: {error.strerror or error}", ENVIRONMENT) from error
    try:
        yield keep
    finally:
        draft.unlink(missing_ok=True)


def _worded(grant: Plain) -> str:
    app = f"/{grant['app']}" if grant.get("app") else ""
    return f"{grant['role']}@{grant['namespace']}{app}"


COMMANDS: command.Commands = {"create": create, "list": list_, "revoke": revoke}
