"""Every process of one app, on whatever host: what the control plane knows of them.

What only a process itself can say, its last faults and statements, is asked of it on its own host:
``fairlead doctor PID``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlencode

from fairlead.agent.settings import Settings
from fairlead.cli import terminal
from fairlead.cli.data_planes import NOT_SERVED, refusals
from fairlead.cli.doctor.asking import Unanswered, ask_json
from fairlead.cli.doctor.diagnosis import (
    Answer,
    Problem,
    age,
    ago,
    unfit_remedy,
    unhooked,
    unmatched,
)
from fairlead.cli.table import tabled
from fairlead.policy.governance import ON
from fairlead.protocols.watch.codec import ROOT

LATE = 5.0
"""Seconds that an agent may take for a revision."""

COLUMNS = ("HOST", "PID", "ADDRESS", "LANE", "STATE", "REVISION", "FOR", "SOURCE", "HOOKS")


def asked(settings: Settings, app: str, namespace: str) -> Answer:
    """Return what the control plane knows of the app. Raises Unanswered."""
    found: Answer = ask_json(settings, f"{ROOT}/nodes?{urlencode({'namespace': namespace})}")
    planes = _data_planes(settings, namespace)
    nodes = [node for node in found["nodes"] if node["app"] == app]
    absent = [one for one in found.get("absent", ()) if one["app"] == app]
    every = sorted({one["app"] for one in (*found["nodes"], *found.get("absent", ()))})
    return {
        "app": app,
        "namespace": namespace,
        "revision": found["revision"],
        "processes": [*nodes, *absent],
        "governance": _mode(found, namespace),
        "alarms": [one for one in found.get("alarms", ()) if one["app"] == app],
        "dataPlanes": [one for one in planes if one["app"] == app],
        "meant": get_close_matches(app, every, n=1),
        "apps": every,
    }


def notes(answer: Answer) -> Iterator[Problem]:
    """Yield what else there is to know of an app as a whole."""
    if answer["governance"] != ON:
        text = f"governance of namespace {answer['namespace']} is {answer['governance']}"
        remedy = f"kubectl label namespace {answer['namespace']} fairlead.io/governance=on"
        yield Problem(code="governance", text=f"{text}: no rule is enforced", remedy=remedy)


def problems(answer: Answer) -> Iterator[Problem]:
    """Yield what is wrong with an app as a whole."""
    for one in answer["alarms"]:
        if not one["over"]:
            text = f"{one['held']} of {one['present']} instances fell silent at once and are held"
            remedy = "look at the network between them and the control plane first"
            yield Problem(code="alarm", text=f"{text} since {one['since']}", remedy=remedy)
    for plane in answer["dataPlanes"]:
        for why in refusals(plane):
            text = f"its data plane {terminal.one_line(plane['node'])} refuses a {why}"
            remedy = "mend the rule that made it: its status names this data plane"
            yield Problem(code="refused", text=text, remedy=remedy)
    if not answer["processes"] and not answer["dataPlanes"]:
        yield _unknown(answer)


def _data_planes(settings: Settings, namespace: str) -> list[Answer]:
    """Return those of a namespace; none where xDS is not spoken."""
    try:
        answer = ask_json(settings, f"{ROOT}/xds?{urlencode({'namespace': namespace})}")
    except Unanswered as error:
        if error.status == NOT_SERVED:
            return []
        raise
    found: list[Answer] = answer["clients"]
    return found


def _mode(found: Answer, namespace: str) -> str:
    switched = found.get("governance", {"default": ON, "namespaces": {}})
    mode: str = switched["namespaces"].get(namespace, switched["default"])
    return mode


def _unknown(answer: Answer) -> Problem:
    where = f"namespace {answer['namespace']}"
    hint = f"; did you mean {answer['meant'][0]}?" if answer["meant"] else ""
    text = f"no process of an app called {answer['app']} is known in {where}{hint}"
    known = ", ".join(answer["apps"][:20])
    remedy = f"known there: {known}" if known else "start one: fairlead run --app NAME -- CMD"
    return Problem(code="unknown", text=text, remedy=remedy)


def problems_of(node: Answer) -> Iterator[Problem]:
    """Yield what is wrong with one process of an app."""
    if not node["connected"]:
        text = "its agent is not connected: it goes on with what it was told last"
        yield Problem(code="away", text=text, remedy="look there: fairlead doctor PID")
    if node["conflict"]:
        yield Problem(code="conflict", text=node["conflict"], remedy="give it one lane")
    if node["state"] == "waiting" and node["behind_seconds"] > LATE:
        text = f"it was sent a newer revision {ago(node['behind_seconds'])}, and has not taken it"
        remedy = "its process may be stopped, or have no time: look there, fairlead doctor PID"
        yield Problem(code="lagging", text=text, remedy=remedy)
    for reason in filter(None, (node["error"], *node["refused"])):
        remedy = "mend the rule it names, or update fairlead there"
        yield Problem(code="refused", text=f"refused: {reason}", remedy=remedy)
    yield from unmatched(node)
    yield from _unfit(node)


def _unfit(node: Answer) -> Iterator[Problem]:
    for hook in node.get("hooks") or ():
        if hook["state"] == "failed":
            yield unhooked(hook)
    for sort, why in (node.get("unfit") or {}).items():
        lanes = node.get("shadow_lanes", {}).get(sort, ())
        if why and lanes:
            text = f"gets no calls of lanes with shadow {sort} ({', '.join(lanes)}): {why}"
            yield Problem(code="unfit", text=text, remedy=unfit_remedy(why))


def notes_of(node: Answer) -> Iterator[Problem]:
    """Yield what a process counted that may be mended since."""
    if node["address"] is None and node["connected"]:
        text = "it is not registered: it serves nothing that anybody could call by name"
        remedy = "well for a worker or a script; of a server, fairlead doctor PID says why"
        yield Problem(code="unregistered", text=text, remedy=remedy)
    words = {
        "lane_outlived_request": ("outlived", "a lane was used after its request had ended"),
        "sql_refused": ("sql", "statements were refused on lanes"),
        "agent_faults": ("fault", "faults of the agent itself let calls through"),
        "instance_ejected": ("ejected", "it has left out instances that failed, by app"),
    }
    for name, (code, text) in words.items():
        counts = (node.get("counters") or {}).get(name, {})
        if counts:
            told = ", ".join(f"{label or '-'} {count}" for label, count in sorted(counts.items()))
            yield Problem(code=code, text=f"{text}: {told}", remedy="fairlead doctor PID has more")


def worded(answer: Answer) -> Iterator[str]:
    """Yield the table of an app's processes."""
    found = answer["processes"]
    hosts = {node.get("host") for node in found}
    processes = _counted(len(found), "process", "processes")
    yield (
        f"app {answer['app']} in namespace {answer['namespace']}: {processes} on"
        f" {_counted(len(hosts), 'host', 'hosts')}, control plane at revision {answer['revision']}"
    )
    if found:
        yield from tabled([COLUMNS, *map(_row, found)])


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def name_of(node: Answer) -> str:
    """Return how lines about a process begin: its host and pid, as far as they are known."""
    if node.get("pid"):
        return f"{node['host']} {node['pid']}"
    return f"process {node['node'][:8]}"


def _row(node: Answer) -> Sequence[str]:
    hooks: list[dict[str, Any]] = node.get("hooks") or []
    hooked = sum(hook["state"] == "hooked" for hook in hooks)
    held = node.get("held_seconds")
    return (
        node.get("host") or "-",
        str(node.get("pid") or "-"),
        node["address"] or "(not registered)",
        node["lane"] or "base",
        "lagging" if node["state"] == "waiting" else node["state"],
        str(node["synced"] or "-"),
        age(held) if held is not None else "-",
        node["source"],
        f"{hooked}/{len(hooks)}" if hooks else "-",
    )
