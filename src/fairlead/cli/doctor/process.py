"""One process in words: who it is, what it enforces and since when, and what is hooked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fairlead.cli import terminal
from fairlead.cli.doctor.diagnosis import Answer, Problem, age, ago, notes, problems, shadows

COLUMNS = ("PID", "NAMESPACE", "APP", "LANE", "ADDRESS", "STATE", "SNAPSHOT", "HOOKS")


def row(answer: Answer) -> tuple[str, ...]:
    """Return the cells of a process among others."""
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


def worded(answer: Answer) -> Iterator[str]:
    """Yield the lines of one process, what is wrong with it last."""
    yield f"process {answer['pid']}"
    if answer.get("state") == "idle":
        yield f"  state  idle: {answer['silent']}"
    if "silent" not in answer:
        pairs = list(_facts(answer))
        width = max(len(name) for name, _ in pairs)
        for name, text in pairs:
            yield f"  {name.ljust(width)}  {terminal.one_line(text)}"
    yield from told(notes(answer), "note: ")
    yield from told(wrong_alone(answer), "! ")


def wrong_alone(answer: Answer) -> list[Problem]:
    """Return what is wrong with a process that was asked about alone: silence is, too."""
    wrong = problems(answer)
    if answer.get("state") == "silent":
        wrong.append(Problem(code="silent", text=answer["silent"], remedy=_ASK_AGAIN))
    return wrong


_ASK_AGAIN = "ask again; a process that is stopped, or has no time at all, cannot answer"


def told(found: Sequence[Problem], mark: str) -> Iterator[str]:
    """Yield problems with what to do about each."""
    style = terminal.RED if mark.startswith("!") else terminal.YELLOW
    for one in found:
        yield terminal.painted(terminal.one_line(f"{mark}{one.text}"), style)
        if one.remedy:
            yield f"    → {terminal.one_line(one.remedy)}"


def _state(answer: Answer) -> str:
    standing = answer["standing"]
    if standing["registered"]:
        return "registered"
    return "propagation only" if standing["propagation_only"] else "not registered"


def _facts(answer: Answer) -> Iterator[tuple[str, str]]:
    standing, address = answer["standing"], answer["address"]
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
    yield "control", _control(answer)
    yield "snapshot", _snapshot(answer["snapshot"])
    yield "governance", answer["snapshot"].get("governance", "on")
    if answer["snapshot"]["entry"]:
        yield "entry", "yes: takes labels away and sets them by its rules"
    # Of these an agent of an older version says nothing.
    if (gates := answer.get("gates")) is not None:
        why = gates["interpreted"]
        yield "gates", f"interpreted ({why})" if why else "compiled"
        yield "counting", _counting(gates.get("shared"))
    yield from _rule_facts(answer)
    yield from _protection_facts(answer.get("protection"))
    yield from _call_facts(answer)
    yield from _shadow_facts(answer)
    yield from _telemetry_facts(answer.get("telemetry"))
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
    language = "" if answer["python"].startswith("go") else "Python "
    yield "versions", f"fairlead {answer['version']}, {language}{answer['python']}"


def _control(answer: Answer) -> str:
    control, renewed = answer["control"], answer["standing"].get("renewed_ago")
    where = control["url"] if control["source"] == "watch" else control["source"]
    if control["connected"]:
        return f"{where}, connected"
    last = f", last heard of {ago(renewed)}" if renewed is not None else ""
    return f"{where}, not connected{last}"


def _counting(shared: Answer | None) -> str:
    """Say with whom the process counts."""
    if shared is None:
        return "alone"
    if shared["problem"]:
        return f"alone: {shared['problem']}"
    if not shared["path"]:
        return "with the workers on this host, once a limit is asked"
    cut = f", {shared['cuts']} were killed while they counted" if shared["cuts"] else ""
    others = f"{shared['workers']} workers on this host, {shared['limits']} counts"
    return f"with {others} in {shared['path']}{cut}"


def _scope(rule: Answer) -> str:
    if rule.get("scope") == "host":
        return "on this host"
    alone = rule.get("alone", "")
    return f"in this process, as {alone}" if alone else "in this process"


def _rule_facts(answer: Answer) -> Iterator[tuple[str, str]]:
    # An agent of an older version says nothing of them.
    flow = answer.get("flow", {"rules": (), "resources": ()})
    for one in flow["rules"]:
        pattern = " (pattern)" if one["regex"] else ""
        yield "rule", f"{one['resource']}{pattern}: {one['says']}, {_scope(one)} ({one['rule']})"
    if (more := flow.get("number", 0) - len(flow["rules"])) > 0:
        yield "rule", f"and {more} more"
    for one in flow["resources"]:
        words = [f"{one['passed']} passed", f"{one['rejected']} rejected"]
        words += [f"{one[name]} {name}" for name in ("simulated", "inside", "waiting") if one[name]]
        words += [f"{name} {state.replace('_', ' ')}" for name, state in one["breakers"].items()]
        yield "calls", f"{one['resource']}: {', '.join(words)}"


def _protection_facts(protection: Answer | None) -> Iterator[tuple[str, str]]:
    if protection is None:
        return
    yield "protects", f"itself from overload: {protection['says']} ({protection['rule']})"
    words = [f"{protection['busy']:.0%} busy"]
    words += [
        f"{protection[name]:.0%} of its {what}"
        for name, what in (("memory", "memory"), ("descriptors", "descriptors"))
        if protection[name]
    ]
    if protection["lag"] >= _LATE:
        words.append(f"its event loop {protection['lag'] * 1000:.0f} ms late")
    yield "", ", ".join(words)
    room = "" if protection["room"] is None else f" of {protection['room']:.0f}"
    words = [f"{protection['inside']}{room} inside"]
    words += [f"{protection[name]} {name}" for name in ("passed", "rejected", "simulated")]
    yield "", ", ".join(words)


_LATE = 0.01
"""Seconds from which on it is told how late an event loop is."""


def _call_facts(answer: Answer) -> Iterator[tuple[str, str]]:
    # An agent of an older version says nothing of them.
    for one in answer.get("calls", ()):
        subset = f" subset {one['subset']}" if one["subset"] else ""
        inside = f", {one['inside']} under way" if one["inside"] else ""
        yield "calling", f"{one['app']}{subset}: {', '.join(one['rules'])}{inside}"
        for said in one["says"]:
            yield "", said
        for host in one["left_out"]:
            back = f"back in {age(host['back'])}" if host["back"] else "back with the next call"
            yield "", f"left out: {host['address']} ({host['why']}, {host['rule']}), {back}"


def _shadow_facts(answer: Answer) -> Iterator[tuple[str, str]]:
    for sort, lanes, why in shadows(answer):
        if lanes:
            setting = answer["shadows"]["setting"]
            yield "shadow", f"{sort} on {', '.join(lanes)} (FAIRLEAD_SHADOW={setting})"
        elif why:
            yield "shadow", f"not fit for lanes with shadow {sort}: {why}"


def _telemetry_facts(telemetry: Answer | None) -> Iterator[tuple[str, str]]:
    # An agent of an older version says nothing of it.
    if telemetry is None:
        return
    counted = f"{telemetry['interfaces']} interfaces, {telemetry['edges']} edges"
    if not telemetry["told"]:
        yield "telemetry", f"{counted}; told to nobody (FAIRLEAD_TELEMETRY=off)"
    else:
        last = telemetry["arrived_ago"]
        arrived = "none has arrived" if last is None else f"the last arrived {ago(last)}"
        every = f"{telemetry['every']:g} s"
        yield "telemetry", f"{counted}; a report every {every}, {arrived}"
    if telemetry["lost"]:
        yield "", f"{telemetry['lost']} reports were taken by nobody"
    if telemetry["dropped"] or telemetry["shed"]:
        why = _in_brackets(telemetry["shed"])
        yield "", f"{telemetry['dropped']} calls were not measured {why}".rstrip()
    if (metrics := telemetry["metrics"]) is not None:
        serving = f"at http://{metrics['at']}/metrics"
        elsewhere = f"{metrics['at']} is served by another process"
        yield "metrics", serving if metrics["serving"] else elsewhere


def _snapshot(snapshot: Answer) -> str:
    if not snapshot["digest"]:
        return "none: no lane and no other app is known here"
    lanes = ", ".join(snapshot["lanes"]) or "no lanes"
    return (
        f"{_origin(snapshot)}, digest {snapshot['digest']}, revision"
        f" {snapshot['revision']}, {snapshot['services']} services, {lanes}"
    )


def _origin(snapshot: Answer) -> str:
    since = f"in force for {age(snapshot['applied_ago'] or 0.0)}"
    if snapshot["origin"] == "last known good":
        return f"last known good, saved {ago(snapshot['saved_ago'])}, {since}"
    if snapshot["origin"] == "memory":
        return f"what was said before the connection was lost, {since}"
    return f"{snapshot['origin']}, {since}"


def _in_brackets(text: str) -> str:
    return f"({text})" if text else ""
