"""``fairlead``: one verb, one file, imported when it is asked for.

`run` and `doctor` need the standard library only. The other verbs come with the `control` extra;
without it they say so.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

from fairlead.cli.failure import OK, USAGE, Failed

Run = Callable[[Sequence[str]], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """A verb: where its ``main(arguments) -> exit status`` is, and the extra it needs."""

    name: str
    module: str
    summary: str
    extra: str = ""


VERBS = (
    Verb(name="run", module="fairlead.cli.run", summary="run a command with governance"),
    Verb(
        name="doctor",
        module="fairlead.cli.doctor.command",
        summary="say what is enforced, and what is wrong with it",
    ),
    Verb(
        name="serve",
        module="fairlead.cli.serve",
        summary="run the control plane",
        extra="control",
    ),
    Verb(
        name="apply",
        module="fairlead.cli.apply",
        summary="create or change resources from files",
        extra="control",
    ),
    Verb(name="get", module="fairlead.cli.get", summary="show resources", extra="control"),
    Verb(name="delete", module="fairlead.cli.delete", summary="remove resources", extra="control"),
    Verb(
        name="explain",
        module="fairlead.cli.explain",
        summary="say which lane a request would take, or which rules it meets",
        extra="control",
    ),
    Verb(
        name="status",
        module="fairlead.cli.status",
        summary="say which revision every workload enforces",
        extra="control",
    ),
    Verb(
        name="token",
        module="fairlead.cli.token",
        summary="make, list and revoke tokens",
        extra="control",
    ),
    Verb(
        name="kubeconfig",
        module="fairlead.cli.kubeconfig",
        summary="print what kubectl needs",
        extra="control",
    ),
    Verb(
        name="sentinel",
        module="fairlead.cli.sentinel.command",
        summary="take over rules of Sentinel, and give it ours",
        extra="control",
    ),
    Verb(
        name="sql",
        module="fairlead.cli.sql",
        summary="say what a lane would send for the statements of a file",
        extra="control",
    ),
)

_PACKAGES_OF_EXTRA = ("typer", "rich", "pydantic", "yaml", "starlette", "uvicorn", "orjson")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the verb that `arguments` (by default the process's) begin with; return the status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    name = words[0] if words else "--help"
    if name in ("-h", "--help", "help"):
        print(_help())
        return OK if words else USAGE
    if name in ("-V", "--version", "version"):
        print(f"fairlead {_version()}")
        return OK
    verb = next((verb for verb in VERBS if verb.name == name), None)
    if verb is None:
        print(f"fairlead: unknown command {name!r}\n\n{_help()}", file=sys.stderr)
        return USAGE
    try:
        return _load(verb)(words[1:])
    except Failed as failure:
        print("\n".join(failure.lines), file=sys.stderr)
        return failure.status
    except BrokenPipeError:
        # The reader of our output has seen enough. Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return 130


def _load(verb: Verb) -> Run:
    try:
        run: Run = import_module(verb.module).main
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if not verb.extra or package not in _PACKAGES_OF_EXTRA:
            raise
        remedy = f"python -m pip install 'fairlead[{verb.extra}]'"
        message = f"`fairlead {verb.name}` needs {package}, which is not installed: {remedy}"
        raise Failed(message, USAGE) from error
    return run


def _help() -> str:
    lines = [f"  {verb.name:<11}{verb.summary}" for verb in VERBS]
    return "\n".join(
        (
            "usage: fairlead COMMAND [ARGUMENTS]",
            "",
            "Governance for Python services without a change to their code.",
            "",
            *lines,
            "",
            "fairlead COMMAND --help says more. Exit status: 0 done, 1 refused, 2 wrong usage,",
            "3 something is missing around it.",
        )
    )


def _version() -> str:
    # A tenth of the time that `fairlead run` takes, for what is asked once a year.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("fairlead")
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
