"""``fairlead explain request``: which lane a request would take, why, and who would serve it.

``fairlead explain flow`` is in `explain_flow.py`, ``fairlead explain KIND`` in `explain_kind.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from fairlead.cli import command, terminal
from fairlead.cli.asking import headers_given
from fairlead.cli.command import DEFAULT_SERVER, Namespace, Server
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.explain_call import call
from fairlead.cli.explain_chain import tree
from fairlead.cli.explain_flow import PATH, flow
from fairlead.cli.explain_kind import kind
from fairlead.cli.failure import USAGE, Failed
from fairlead.cli.printing import WholeOutput, document
from fairlead.policy.governance import ON
from fairlead.policy.workload import DEFAULT_NAMESPACE


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead explain``."""
    words = list(arguments)
    if words and words[0] not in COMMANDS and not words[0].startswith("-"):
        # As kubectl has it; a kind that is not there is answered as everywhere else.
        words.insert(0, "kind")
    return command.run("explain", words, COMMANDS)


@command.examples(
    "fairlead explain request '/cart?beta=1' --app gateway -H 'x-user: 7'",
)
def request(  # noqa: PLR0913 - one parameter for each option
    target: Annotated[
        str, typer.Argument(metavar="[PATH]", help="Path, with the query string.")
    ] = "/",
    *,
    app: Annotated[str, typer.Option("--app", help="App that the request reaches.")],
    namespace: Namespace = None,
    path: Annotated[str, typer.Option("--path", hidden=True)] = "",
    method: Annotated[str, typer.Option("--method", "-X", help="Method.")] = "GET",
    header: Annotated[
        list[str] | None,
        typer.Option("--header", "-H", help="'name: value'; may repeat.", show_default=False),
    ] = None,
    cookie: Annotated[
        list[str] | None,
        typer.Option("--cookie", "-b", help="'name=value'; may repeat.", show_default=False),
    ] = None,
    source_ip: Annotated[str, typer.Option("--source-ip", help="Address of the caller.")] = "",
    output: WholeOutput = None,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Say which lane a request would take, and why."""
    if not (path or target).startswith("/"):
        raise Failed(f"path {path or target!r}: write it as a request has it: /a?b=c", USAGE)
    query = {
        "app": app,
        "namespace": namespace or DEFAULT_NAMESPACE,
        "path": path or target,
        "method": method,
        "headers": list(_headers(header or (), cookie or ())),
        "source_ip": source_ip,
    }
    answer = ControlPlane(server).call("POST", PATH, query)
    if not answer["known"] and not answer["entry"]:
        raise Failed(_unknown(answer))
    print(document(answer, output) if output else terminal.safe("\n".join(worded(answer))))


def _headers(headers: Sequence[str], cookies: Sequence[str]) -> Iterator[list[str]]:
    yield from headers_given(headers)
    for text in cookies:
        if "=" not in text:
            raise Failed(f"--cookie {text!r}: write 'name=value'", USAGE)
    if cookies:
        yield ["cookie", "; ".join(cookies)]


def _unknown(answer: dict[str, Any]) -> str:
    """Say that nothing is known of the app: an answer about it would be an answer about nothing."""
    meant = f"did you mean {answer['meant'][0]}? " if answer.get("meant") else ""
    return (
        f"no app called {answer['app']!r} in namespace {answer['namespace']}: {meant}"
        "No agent has reported it, and no rule names it; `fairlead status` lists those there are"
    )


def worded(answer: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of an answer of `compiler.explain`."""
    yield f"lane:       {answer['lane'] or 'base'}"
    yield f"why:        {answer['why']}"
    yield from _reservations(answer)
    if answer["rules"]:
        yield "rules, in order of precedence:"
    for rule in answer["rules"]:
        yield f"  {rule['rule']} → {rule['lane']}: {rule['result']}"
        for condition in rule["conditions"]:
            got = "is missing" if condition["got"] is None else f"is {condition['got']!r}"
            yield f"      {condition['holds']:<9} {condition['condition']} ({got})"
        if not rule["conditions"]:
            yield "      yes       it has no condition: every request matches"
        if "why" in rule:
            yield f"      {rule['why']}"
    yield from _onward(answer)


def _onward(answer: dict[str, Any]) -> Iterator[str]:
    """Yield what guards the request, and where it goes from here on."""
    if answer.get("guards"):
        yield "guarded, where its route is the resource, by:"
    for guard in answer.get("guards", ()):
        yield f"  {guard['resource']}: {guard['says']} ({guard['rule']}, {guard['strategy']})"
    if answer.get("chain"):
        yield from tree(answer["chain"])
    if answer["hops"]:
        yield f"on lane {answer['lane'] or 'base'}, a call from here on would go to:"
    for hop in answer["hops"]:
        yield from _hop(hop)


def _reservations(answer: dict[str, Any]) -> Iterator[str]:
    for chance in answer["possible"] if answer.get("governance", ON) == ON else ():
        yield f"            unless a draw decides for {chance['rule']}: lane {chance['lane']}"
    second = answer.get("runner_up")
    if second is not None:
        rest = f"no other rule matches: {second['lane'] or 'base'}"
        rule = f"{second['rule']} → {second['lane']}" if second["rule"] else rest
        yield f"runner-up:  {rule}"
    for other in answer.get("elsewhere", ()):
        where = ", ".join(other["instances"])
        yield f"but:        at {where} it would be on lane {other['lane']}, that instance's own"
    if not answer["known"]:
        yield f"note:       no agent has reported an app called {answer['app']}"


def _hop(hop: dict[str, Any]) -> Iterator[str]:
    none = "no endpoint is fit" if hop.get("excluded") else "no live endpoint"
    where = ", ".join(hop["endpoints"]) or f"nobody: {none}"
    yield f"  {hop['host']:<24} {hop['lane'] or 'base':<9} {where}"
    if hop.get("fallback"):
        yield f"      if those refuse a connection: base {', '.join(hop['fallback'])}"
    for excluded in hop.get("excluded", ()):
        yield f"      not {excluded['address']}: {excluded['why']}"


COMMANDS: command.Commands = {"request": request, "call": call, "flow": flow, "kind": kind}
