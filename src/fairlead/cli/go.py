"""`fairlead go VERB`: what ``go VERB`` does, with the agent in the programs that it makes.

No line of a program changes, nor its go.mod: hooks are put into the standard library that it is
compiled with, and into packages of modules while they are compiled. Verbs that make no programs are
handed on as they are.
"""

from __future__ import annotations

import os
import sys

from fairlead.cli.failure import ENVIRONMENT, OK, REFUSED, USAGE, Failed
from fairlead.golang.flags import INJECTING, Line, Misused, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

    from fairlead.golang.overlay import Fact


def main(argv: Sequence[str]) -> int:
    """Become ``go``; return an exit status only where that cannot be, or nothing is to be built."""
    if not argv or argv[0] in ("-h", "--help"):
        print(options_parser().format_help(), end="")
        return OK if argv else USAGE
    try:
        line = parse(argv)
        if line.verb not in INJECTING:
            return _handed_on(argv, line)
        return _injected(line)
    except Misused as error:
        raise Failed(f"{error} (`fairlead go --help`)", USAGE) from error
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("tree_sitter"):
            raise
        remedy = "python -m pip install 'fairlead[go]'"
        message = f"`fairlead go` needs {error.name}, which is not installed: {remedy}"
        raise Failed(message, ENVIRONMENT) from error


def options_parser() -> argparse.ArgumentParser:
    """Return what tells our options; `parse` reads them, as all others are flags of ``go``."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="fairlead go",
        usage="fairlead go [--dry-run[=json]] [--strict] [--gls=off] VERB [FLAGS] [PACKAGES]",
        description="Do what `go VERB` does, with the agent in the programs that it makes. build,"
        " install, run and test put it in; `version FILE` says whether it is in a program; other"
        " verbs are handed on as they are. No source and no go.mod changes.",
        epilog="All other flags are go's: fairlead go build -race -o app ./cmd/app",
    )
    says = "say which functions get a hook, and build nothing"
    parser.add_argument("--dry-run", metavar="json", nargs="?", help=says)
    drift = "fail where a hook does not fit: without it, that is a warning"
    parser.add_argument("--strict", action="store_true", help=drift)
    gls = "off leaves goroutines as they are: a lane then travels by contexts alone"
    parser.add_argument("--gls", choices=("on", "off"), help=gls)
    return parser


def _injected(line: Line) -> int:
    from fairlead.golang.command import prepared
    from fairlead.golang.toolchain import Unusable

    try:
        command = prepared(line, os.environ)
    except Unusable as error:
        raise Failed(str(error), ENVIRONMENT) from error
    for warning in (*(f"no hook in {one}" for one in command.drifted), *command.warnings):
        print(f"fairlead: {warning}", file=sys.stderr)
    if line.dry_run:
        _tell(command.facts, line.dry_run)
    if line.strict and command.drifted:
        message = f"{len(command.drifted)} hooks do not fit, and --strict says that all must"
        raise Failed(message, REFUSED)
    return OK if line.dry_run else _become(command.argv, command.environment)


def _tell(facts: Sequence[Fact], form: str) -> None:
    import json
    from dataclasses import asdict

    if form == "json":
        print(json.dumps([asdict(one) for one in facts], indent=2))
        return
    for one in facts:
        state = "applies" if one.applies else f"does not apply: {one.why}"
        print(f"{one.package}  {one.method}  {one.signature}  {one.version}  {state}")


def _handed_on(argv: Sequence[str], line: Line) -> int:
    from fairlead.golang.toolchain import Unusable, find

    try:
        go: str | None = find(os.environ)
        missing = ""
    except Unusable as error:
        go, missing = None, str(error)
    if line.verb == "version":
        from fairlead.cli import go_version

        if go_version.asked(line.rest):
            return go_version.told(go, line.rest)
    if go is None:
        raise Failed(missing, ENVIRONMENT)
    return _become([go, *argv], os.environ)


def _become(argv: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(argv[0], list(argv), environment)  # noqa: S606 - there is no shell to be fooled
