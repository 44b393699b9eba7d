"""``fairlead explain flow``: which rules a call of a resource meets, and what each answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from fairlead.cli import command, terminal
from fairlead.cli.asking import labels_given
from fairlead.cli.command import DEFAULT_SERVER, Namespace, Server
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.printing import WholeOutput, document
from fairlead.policy.governance import ON
from fairlead.policy.outcome import GRPC_CODES
from fairlead.policy.resource import OUTBOUND, SQL, is_function, is_rpc
from fairlead.policy.rule import ENFORCE
from fairlead.policy.workload import DEFAULT_NAMESPACE

PATH = "/fairlead/v1/explain"

SHOWN = 60
"""Characters of a body that are shown."""


@command.examples(
    "fairlead explain flow GET:/cart --app cart",
)
def flow(
    resource: Annotated[
        str, typer.Argument(metavar="RESOURCE", help="As GET:/orders/{id}, or a function's name.")
    ],
    *,
    app: Annotated[str, typer.Option("--app", help="App that has the resource, or calls it.")],
    namespace: Namespace = None,
    label: Annotated[
        list[str] | None,
        typer.Option("--label", "-l", help="'key=value' of the instance; may repeat."),
    ] = None,
    output: WholeOutput = None,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Say which rules a call of a resource meets, in their order."""
    query = {
        "app": app,
        "namespace": namespace or DEFAULT_NAMESPACE,
        "resource": resource,
        "labels": dict(labels_given(label or ())),
    }
    answer = ControlPlane(server).call("POST", PATH, query)
    print(document(answer, output) if output else terminal.safe("\n".join(worded(answer))))


def worded(answer: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of an answer of `compiler.explain_flow`."""
    yield f"resource:   {answer['resource']} of app {answer['app']}"
    wider = answer["scopes"][:-1]
    if wider:
        yield f"            its calls are calls of {' and '.join(wider)} too"
    yield from _reservations(answer)
    yield from _calls(answer)
    if not answer["rules"]:
        none = "none that turns it away" if answer.get("calls") else "none"
        yield f"rules:      {none}{_hint(answer)}"
        return
    yield "rules, in the order in which a call meets them:"
    for number, rule in enumerate(answer["rules"], 1):
        yield f"  {number} {rule['rule']}, {rule['strategy']}: {rule['limit']}"
        yield f"      {_counted(rule, answer['resource'])}"
        if rule["mode"] != ENFORCE:
            yield f"      mode {rule['mode']}: it only counts what it would reject"
        else:
            yield f"      {_rejects(answer['resource'], rule['answer'])}"


def _calls(answer: dict[str, Any]) -> Iterator[str]:
    """Say what is done with a call of an app, and what decides the instance."""
    # A control plane of an older version says nothing of them.
    found = answer.get("calls")
    if found is None:
        return
    if found["routes"]:
        yield f"calls of {found['app']}, by the first that matches:"
    for number, one in enumerate(found["routes"], 1):
        asked = f", if {one['asked']}" if one["asked"] else ""
        yield f"  {number} {one['rule']}{asked}: {one['says']}"
        if not asked:
            break  # what follows gets no call
    if found["clusters"]:
        yield f"instances of {found['app']}:"
    for one in found["clusters"]:
        subset = f", subset {one['subset']}" if one["subset"] else ""
        yield f"  {one['rule']}{subset}: {one['says']}"
    if answer["governance"] != ON:
        yield "  governance of the namespace is not on: calls are only sent"


def _reservations(answer: dict[str, Any]) -> Iterator[str]:
    if answer["governance"] != ON:
        yield f"but:        governance of the namespace is {answer['governance']}: nothing rejects"
    if not answer["known"]:
        yield f"note:       no agent has reported an app called {answer['app']}"


def _hint(answer: dict[str, Any]) -> str:
    if answer["meant"]:
        return f"; there are some for {', '.join(answer['meant'])}"
    count = answer["elsewhere"]
    return f"; {count} {'is' if count == 1 else 'are'} for other resources" if count else ""


def _counted(rule: dict[str, Any], resource: str) -> str:
    if rule["reason"] == "authority":
        return "asks who calls"
    if rule["reason"] == "overload":
        return "of the process as a whole, before it is known what is asked for"
    if rule["pattern"] is not None:
        return f"of this resource by itself, which matches {rule['pattern']}"
    if rule["resource"] != resource:
        return f"of all calls of {rule['resource']} together"
    return "of this resource"


def _rejects(resource: str, answer: dict[str, Any]) -> str:
    """Say what a caller of `resource` gets: each protocol has its own form of an answer."""
    if is_function(resource):
        value = answer["value"]
        return "raises fairlead.Rejected" if value is None else f"returns {_cut(value)}"
    if resource.startswith(SQL):
        return "raises the driver's own error"
    message = answer["body"] if answer["grpc_message"] is None else answer["grpc_message"]
    grpc = f"{GRPC_CODES[answer['grpc_status']]}{_short(message)}"
    called, colon, _ = resource.partition(":/") if resource.startswith(OUTBOUND) else ("", "", "")
    if colon:
        return f"rejects with {grpc}"
    if called and not answer["given"]:
        return f"rejects with the client's own connect error, over gRPC with {grpc}"
    headers = "".join(f", {name}: {value}" for name, value in answer["headers"])
    http = f"{answer['status']}{headers}{_short(answer['body'])}"
    return f"rejects with {http}" + (
        f", over gRPC with {grpc}" if called or is_rpc(resource) else ""
    )


def _short(text: str) -> str:
    shown = _cut(text)
    return f", {shown!r}" if shown else ""


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return f"{text[: SHOWN - 3]}..." if len(text) > SHOWN else text
