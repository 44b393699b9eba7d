"""``fairlead``: one verb, one file, imported when it is asked for.

`run`, `doctor`, `bootstrap`, `gateway`, `sidecar` and ``--version`` need the standard library only.
The other verbs come with the `control` extra; without it they say so.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

from fairlead.cli.failure import ENVIRONMENT, INTERRUPTED, OK, USAGE, Failed

# What this file imports, every command waits for: `dataclasses` and `typing` are a third of that.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Run = Callable[[Sequence[str]], int]


class Verb:
    """A verb: where its ``main(arguments) -> exit status`` is, and the extra it needs."""

    __slots__ = ("extra", "module", "name", "summary")

    def __init__(self, *, name: str, module: str, summary: str, extra: str) -> None:
        self.name, self.module, self.summary, self.extra = name, module, summary, extra


def _verb(name: str, summary: str, module: str = "", extra: str = "control") -> Verb:
    return Verb(name=name, module=f"fairlead.cli.{module or name}", summary=summary, extra=extra)


GROUPS: tuple[tuple[str, tuple[Verb, ...]], ...] = (
    (
        "Run",
        (
            _verb("run", "run a command with governance", extra=""),
            _verb("go", "build Go programs with the agent in them", extra=""),
            _verb("serve", "run the control plane"),
            _verb("gateway", "run an Envoy that requests come in by", extra=""),
            _verb("sidecar", "run a command with an Envoy beside it", extra=""),
        ),
    ),
    (
        "Objects",
        (
            _verb("get", "show resources"),
            _verb("describe", "show a resource with its conditions and events"),
            _verb("apply", "create or change resources from files"),
            _verb("diff", "say what applying files would change"),
            _verb("edit", "change a resource in an editor"),
            _verb("delete", "remove resources"),
            _verb("wait", "return when something holds of resources"),
            _verb("history", "say who changed a resource, when, and what"),
            _verb("rollback", "make a resource what it was"),
        ),
    ),
    (
        "Look",
        (
            _verb("status", "say which revision every workload enforces"),
            _verb("lane", "show, make and remove lanes, and say where they leak"),
            _verb("top", "show the busiest services and interfaces, each second"),
            _verb("tap", "show what agents see, as they see it"),
            _verb(
                "analyze", "say what is wrong with files, or with what is stored", "analyze.command"
            ),
            _verb("explain", "say what a request or a call meets, or what a kind has"),
            _verb(
                "doctor",
                "say what is enforced, and what is wrong with it",
                "doctor.command",
                extra="",
            ),
        ),
    ),
    (
        "More",
        (
            _verb("token", "make, list and revoke tokens"),
            _verb(
                "bootstrap",
                "print what gRPC libraries and Envoy need",
                "bootstrap.command",
                extra="",
            ),
            _verb("kubeconfig", "print what kubectl needs"),
            _verb("completion", "print what makes a shell complete fairlead's words"),
            _verb("assess", "measure what the agent costs in an app of yours", "assess.command"),
            _verb(
                "route-check",
                "hold routes of Envoy against tests of its router_check_tool",
                "route_check",
            ),
            _verb("sql", "say what a lane would send for the statements of a file"),
            _verb("sentinel", "take over rules of Sentinel, and give it ours", "sentinel.command"),
            _verb("version", "show the versions of this command and of the control plane"),
        ),
    ),
)
"""Verbs as the help lists them."""

VERBS = tuple(verb for _, verbs in GROUPS for verb in verbs)
_COMPLETE = _verb("__complete", "what the scripts of `completion` ask", "complete")

_PACKAGES_OF_EXTRA = ("typer", "rich", "pydantic", "yaml", "starlette", "uvicorn", "orjson")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the verb that `arguments` (by default the process's) begin with; return the status."""
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding has no letters for is no reason to end.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    words = verb_first(sys.argv[1:] if arguments is None else arguments)
    name = words[0] if words else "--help"
    if name in ("-h", "--help", "help"):
        print(_help())
        return OK if words else USAGE
    if name in ("-V", "--version"):
        print(f"fairlead {_version()}")
        return OK
    verb = next((verb for verb in (*VERBS, _COMPLETE) if verb.name == name), None)
    if verb is None:
        print(f"fairlead: there is no command {name!r}{_meant(name)}", file=sys.stderr)
        return USAGE
    try:
        status = _load(verb)(words[1:])
        sys.stdout.flush()  # here, where a reader who has gone is no failure, and not at exit
        return status
    except Failed as failure:
        from fairlead.cli.terminal import safe

        print("\n".join(map(safe, failure.lines)), file=sys.stderr)
        return failure.status
    except BrokenPipeError:
        # The reader of our output has seen enough. Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return INTERRUPTED


_TAKING = ("-n", "--namespace", "--server", "--token-file", "--ca-file")
_GLOBAL = (*_TAKING, "-A", "--all-namespaces")


def verb_first(words: Sequence[str]) -> list[str]:
    """Return `words` as verbs take them where kubectl takes others.

    ``-n shop get tlane`` is ``get tlane -n shop``, ``help get`` is ``get --help``.
    """
    if len(words) > 1 and words[0] == "help":
        return [*words[1:], "--help"]
    place = 0
    while place < len(words) and words[place].partition("=")[0] in _GLOBAL:
        place += 2 if words[place] in _TAKING else 1
    before, behind = list(words[:place]), list(words[place:])
    end = behind.index("--") if "--" in behind else len(behind)
    return [*behind[:end], *before, *behind[end:]]


def _load(verb: Verb) -> Run:
    try:
        run: Run = import_module(verb.module).main
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if not verb.extra or package not in _PACKAGES_OF_EXTRA:
            raise
        remedy = f"python -m pip install 'fairlead[{verb.extra}]'"
        message = f"`fairlead {verb.name}` needs {package}, which is not installed: {remedy}"
        raise Failed(message, ENVIRONMENT) from error
    return run


def _help() -> str:
    lines = []
    for title, verbs in GROUPS:
        lines += ["", f"{title}:", *(f"  {verb.name:<12}{verb.summary}" for verb in verbs)]
    return "\n".join(
        (
            "usage: fairlead COMMAND [ARGUMENTS]",
            "",
            "Governance for services in Python and Go without a change to their code.",
            *lines,
            "",
            "fairlead COMMAND --help says more. Exit status: 0 done, 1 refused or not there,",
            "2 wrong usage, 3 something around it is missing: docs/cli.md.",
        )
    )


def _meant(name: str) -> str:
    # difflib is a third of the time that the help takes.
    from difflib import get_close_matches

    close = get_close_matches(name[:80].lower(), [verb.name for verb in VERBS], n=1)
    return f", did you mean {close[0]}?" if close else "; `fairlead --help` lists them"


def _version() -> str:
    # A tenth of the time that `fairlead run` takes, for what is asked once a year.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("fairlead")
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
