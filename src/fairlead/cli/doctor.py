"""`fairlead doctor`: what the agents of this machine enforce, and what is wrong with them.

It asks running processes (contract 21) and changes nothing. The exit status is 1 where something is
wrong: no connection to the control plane, a hook that failed, an address that nobody can reach.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from fairlead.agent.inspect import ask
from fairlead.agent.locate import Candidate, candidates
from fairlead.agent.settings import InvalidSetting, Settings

WELL, WRONG, USAGE = 0, 1, 2

Answer = dict[str, Any]

_COLUMNS = ("PID", "NAMESPACE", "APP", "LANE", "ADDRESS", "STATE", "SNAPSHOT", "HOOKS")


def main(argv: Sequence[str]) -> int:
    """Show every agent of this machine, or the one in a process; return the exit status."""
    options = _parser().parse_args(argv)
    try:
        settings = Settings.from_env(os.environ)
    except InvalidSetting as error:
        print(f"fairlead: {error}", file=sys.stderr)
        return USAGE
    found = candidates(settings)
    if options.pid is not None:
        return _show_one(options.pid, found, as_json=options.output == "json")
    return _show_all(found, as_json=options.output == "json")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fairlead doctor",
        description="Say what the agents of this machine enforce, and what is wrong with them.",
        epilog="Exit status: 0 all is well, 1 something is wrong, 2 wrong usage.",
    )
    parser.add_argument("pid", type=int, nargs="?", metavar="PID", help="show one process in full")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    return parser


def _show_one(pid: int, found: list[Candidate], *, as_json: bool) -> int:
    candidate = next((one for one in found if one.pid == pid), None)
    if candidate is None:
        print(f"fairlead: process {pid} has no agent; start it with fairlead run", file=sys.stderr)
        return WRONG
    answer = _ask(candidate)
    wrong = [answer["silent"]] if answer.get("state") == "silent" else problems(answer)
    if as_json:
        print(json.dumps({**answer, "problems": wrong}, indent=2))
    else:
        print("\n".join(_lines(answer, wrong)))
    return WRONG if wrong else WELL


def _show_all(found: list[Candidate], *, as_json: bool) -> int:
    answers = [_ask(candidate) for candidate in found]
    wrong = {answer["pid"]: problems(answer) for answer in answers}
    if as_json:
        print(json.dumps([{**a, "problems": wrong[a["pid"]]} for a in answers], indent=2))
    elif not answers:
        print("no process of this user has an agent; start one with: fairlead run -- CMD")
    else:
        print("\n".join(_table([_COLUMNS, *(_row(answer) for answer in answers)])))
        for pid, reasons in wrong.items():
            for reason in reasons:
                print(f"! {pid}: {reason}")
    return WRONG if any(wrong.values()) else WELL


def _ask(candidate: Candidate) -> Answer:
    if candidate.socket is None and candidate.fault:
        silent = f"switched off: {candidate.fault}"
        return {"pid": candidate.pid, "state": "off", "silent": silent}
    if candidate.socket is None:
        silent = "nothing has needed its agent yet (the parent of a server's workers never does)"
        return {"pid": candidate.pid, "state": "idle", "silent": silent}
    try:
        return ask(candidate.socket)
    except (OSError, ValueError) as error:
        silent = f"does not answer at {candidate.socket}: {error}"
        return {"pid": candidate.pid, "state": "silent", "silent": silent}


def problems(answer: Answer) -> list[str]:
    """Return what is wrong with a process, in words; a silent one is not known to be wrong."""
    if "silent" in answer:
        return [answer["silent"]] if answer["state"] == "off" else []
    return list(_problems(answer))


def _problems(answer: Answer) -> Iterator[str]:
    standing, control = answer["standing"], answer["control"]
    if not standing["propagation_only"]:
        if not control["connected"]:
            where = control["url"] if control["source"] == "watch" else control["source"]
            yield f"not connected to {where}: {control['problem'] or 'not yet'}"
        if standing["problem"] and standing["problem"] != control["problem"]:
            what = "its registration is not renewed" if standing["registered"] else "not registered"
            yield f"{what}: {standing['problem']}"
    if standing["conflict"]:
        yield standing["conflict"]
    if answer["refusal"]:
        yield f"refused: {answer['refusal']}"
    for hook in answer["hooks"]:
        if hook["state"] == "failed":
            yield f"{hook['library']} {hook['version']} is not hooked: {hook['reason']}"
    yield from _unfit(answer)
    if answer["fault"]:
        yield f"a fault of the agent itself: {answer['fault']}"


def _unfit(answer: Answer) -> Iterator[str]:
    """Yield why lanes pass the process by; of no concern where none has shadows."""
    for sort, lanes, why in _shadows(answer):
        if lanes and why:
            yield f"gets no calls of lanes with shadow {sort} ({', '.join(lanes)}): {why}"


def _shadows(answer: Answer) -> Iterator[tuple[str, list[str], str]]:
    """Yield each sort of shadow, the lanes that have some, and why they may not be served here."""
    # An agent of an older version says nothing of them.
    shadows = answer.get("shadows", {"lanes": {}})
    for sort, lanes in shadows["lanes"].items():
        yield sort, lanes, shadows["unfit"][sort]


def _row(answer: Answer) -> tuple[str, ...]:
    if "silent" in answer:
        return (str(answer["pid"]), "", "", "", "", answer["state"], "", "")
    hooks = answer["hooks"]
    hooked = sum(hook["state"] == "hooked" for hook in hooks)
    return (
        str(answer["pid"]),
        answer["namespace"],
        answer["app"] or "-",
        answer["lane"] or "base",
        answer["address"]["chosen"] or "-",
        _state(answer),
        f"{answer['snapshot']['digest'][:8] or '-'} {answer['snapshot']['origin']}",
        f"{hooked}/{len(hooks)}",
    )


def _state(answer: Answer) -> str:
    standing = answer["standing"]
    if standing["registered"]:
        return "registered"
    return "propagation only" if standing["propagation_only"] else "not registered"


def _lines(answer: Answer, wrong: list[str]) -> Iterator[str]:
    yield f"process {answer['pid']}"
    if answer.get("state") == "idle":
        yield f"  state  idle: {answer['silent']}"
    if "silent" not in answer:
        pairs = list(_facts(answer))
        width = max(len(name) for name, _ in pairs)
        for name, text in pairs:
            yield f"  {name.ljust(width)}  {text}"
    for reason in wrong:
        yield f"! {reason}"


def _facts(answer: Answer) -> Iterator[tuple[str, str]]:
    standing, address, control = answer["standing"], answer["address"], answer["control"]
    yield "app", f"{answer['app'] or '-'} in namespace {answer['namespace']}"
    labels = " ".join(f"{key}={value}" for key, value in answer["labels"])
    source = "set" if answer["lane_set"] is not None else "from labels and rules"
    yield "lane", f"{answer['lane'] or 'base'} ({source}) {labels}".rstrip()
    yield "state", f"{_state(answer)}: {standing['why']}"
    if standing["servers"]:
        yield "server", ", ".join(standing["servers"])
    yield "address", f"{address['chosen'] or '-'} {_in_brackets(address['reason'])}".rstrip()
    for other in address["others"]:
        yield "", f"also listens on {other}; FAIRLEAD_ADDRESS=HOST:PORT chooses"
    where = control["url"] if control["source"] == "watch" else control["source"]
    yield "control", f"{where}, {'connected' if control['connected'] else 'not connected'}"
    yield "snapshot", _snapshot(answer["snapshot"])
    yield "governance", answer["snapshot"].get("governance", "on")
    if answer["snapshot"]["entry"]:
        yield "entry", "yes: takes labels away and sets them by its rules"
    yield from _shadow_facts(answer)
    for hook in answer["hooks"]:
        reason = _in_brackets(hook["reason"])
        yield "hook", f"{hook['library']} {hook['version']} {hook['state']} {reason}".rstrip()
    for name, counts in answer["counters"].items():
        for label, count in counts.items():
            yield "counter", f"{name} {label or '-'} {count}"
    kept = answer["state"]
    yield (
        "last good",
        f"{kept['path'] or 'in memory only'} {_in_brackets(kept['problem'])}".rstrip(),
    )
    yield "versions", f"fairlead {answer['version']}, Python {answer['python']}"


def _shadow_facts(answer: Answer) -> Iterator[tuple[str, str]]:
    for sort, lanes, why in _shadows(answer):
        if lanes:
            setting = answer["shadows"]["setting"]
            yield "shadow", f"{sort} on {', '.join(lanes)} (FAIRLEAD_SHADOW={setting})"
        elif why:
            yield "shadow", f"not fit for lanes with shadow {sort}: {why}"


def _snapshot(snapshot: Answer) -> str:
    if not snapshot["digest"]:
        return "none"
    saved = snapshot["saved_ago"]
    age = f"saved {saved:.0f} s ago" if saved else f"{snapshot['applied_ago'] or 0:.0f} s ago"
    lanes = ", ".join(snapshot["lanes"]) or "no lanes"
    return (
        f"{snapshot['origin']}, {age}, digest {snapshot['digest']}, revision"
        f" {snapshot['revision']}, {snapshot['services']} services, {lanes}"
    )


def _in_brackets(text: str) -> str:
    return f"({text})" if text else ""


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "   ".join(cells).rstrip()
