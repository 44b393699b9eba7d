"""What is wrong with a process, told from what it says of itself; and what to do about it.

A problem is something that somebody has to mend. A note is something to know that may have been
mended since: counters do not go back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fairlead.agent.report import NO_REWRITER, OFF
from fairlead.policy.resource import SQL, is_function, is_route

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: a word for programs, a sentence, and what to do."""

    code: str
    text: str
    remedy: str = ""


def problems(answer: Answer) -> list[Problem]:
    """Return what is wrong with a process; one that has no agent yet is not known to be wrong."""
    return [*_settings(answer), *(_silence(answer) if "silent" in answer else _problems(answer))]


def notes(answer: Answer) -> list[Problem]:
    """Return what else there is to know of a process."""
    return [] if "silent" in answer else list(_notes(answer))


def doubtful(doubts: Iterable[str]) -> Iterator[Problem]:
    """Yield a problem for each setting that is probably misspelt."""
    for doubt in doubts:
        yield Problem(code="setting", text=doubt, remedy="correct the variable and start again")


def unfit_remedy(why: str) -> str:
    """Return what makes a process fit for lanes with shadows that is not, for the reason `why`."""
    if why == OFF:
        return "take FAIRLEAD_SHADOW=off away and start the process again"
    if why == NO_REWRITER:
        return "install fairlead[sql] in its environment and start the process again"
    return "use a driver, and a version of it, that is hooked; docs/shadow.md lists them"


def unhooked(hook: Answer) -> Problem:
    """Return the problem of a library whose hook failed."""
    name = f"{hook['library']} {hook['version']}"
    remedy = "use another version of it or of fairlead; FAIRLEAD_DISABLE leaves it alone on purpose"
    return Problem(code="unhooked", text=f"{name} is not hooked: {hook['reason']}", remedy=remedy)


def _settings(answer: Answer) -> Iterator[Problem]:
    yield from doubtful(answer.get("doubts", ()))


def _silence(answer: Answer) -> Iterator[Problem]:
    if answer["state"] in ("absent", "off"):
        remedy = answer.get("remedy", "correct the variable and start again")
        yield Problem(code=answer["state"], text=answer["silent"], remedy=remedy)


def _problems(answer: Answer) -> Iterator[Problem]:
    yield from _unconnected(answer)
    if answer["standing"]["conflict"]:
        remedy = "give the instance one lane: FAIRLEAD_LANE, or labels that agree with each other"
        yield Problem(code="conflict", text=answer["standing"]["conflict"], remedy=remedy)
    if answer["refusal"]:
        remedy = (
            "mend the rule it names, or update fairlead here where the control plane is newer;"
            " what was in force before stays in force"
        )
        yield Problem(code="refused", text=f"refused: {answer['refusal']}", remedy=remedy)
    for hook in answer["hooks"]:
        if hook["state"] == "failed":
            yield unhooked(hook)
    for sort, lanes, why in shadows(answer):
        if lanes and why:
            text = f"gets no calls of lanes with shadow {sort} ({', '.join(lanes)}): {why}"
            yield Problem(code="unfit", text=text, remedy=unfit_remedy(why))
    yield from unmatched(answer)
    yield from _unmeasured(answer.get("telemetry") or {})
    if answer["fault"]:
        text = f"a fault of the agent itself: {answer['fault']}"
        remedy = "report it with this line; the application's own calls went through"
        yield Problem(code="fault", text=text, remedy=remedy)


def _unmeasured(telemetry: Answer) -> Iterator[Problem]:
    if telemetry.get("shed"):
        text = f"measures nothing that no rule needs: {telemetry['shed']}"
        remedy = "give the container more memory; measuring begins again when there is room"
        yield Problem(code="shed", text=text, remedy=remedy)
    if telemetry.get("access_log"):
        text = f"writes no access log: {telemetry['access_log']}"
        remedy = "give it a place that the process may write, or set FAIRLEAD_ACCESS_LOG=off"
        yield Problem(code="access-log", text=text, remedy=remedy)


def unmatched(answer: Answer) -> Iterator[Problem]:
    """Yield the resources that rules guard and a process has not, as it reported them."""
    for resource, meant in (answer.get("unmatched") or {}).items():
        hint = f", did you mean {meant}?" if meant else ""
        text = f"a rule guards {resource}, which the application has not{hint}"
        remedy = "correct the target of the rule: METHOD:/template, as the route is written"
        if is_function(resource) and not is_route(meant):
            remedy = (
                "correct the target of the rule: the name that fairlead.guard is given; a block is"
                " known from its first use"
            )
            if str(answer.get("python") or "").startswith("go"):
                remedy = (
                    "correct the target of the rule: a program in Go has no functions with names"
                )
        elif resource.startswith(SQL):
            remedy = (
                "correct the target of the rule: sql: and the database's name, as the application"
                " connects to it; it is known from the first connection"
            )
        yield Problem(code="unmatched", text=text, remedy=remedy)


def _unconnected(answer: Answer) -> Iterator[Problem]:
    standing, control = answer["standing"], answer["control"]
    if standing["propagation_only"]:
        return
    if not control["connected"]:
        where = control["url"] if control["source"] == "watch" else control["source"]
        text = f"not connected to {where}: {control['problem'] or 'not yet'}"
        yield Problem(code="unconnected", text=text, remedy=_way_in(control))
    if standing["problem"] and standing["problem"] != control["problem"]:
        code = "unrenewed" if standing["registered"] else "unregistered"
        what = "its registration is not renewed" if standing["registered"] else "not registered"
        remedy = "mend what it says; FAIRLEAD_ADDRESS=HOST:PORT names an address that is not found"
        if any(f"refuses ({status})" in standing["problem"] for status in (401, 403)):
            remedy = _ADMITTANCE
        yield Problem(code=code, text=f"{what}: {standing['problem']}", remedy=remedy)


_ADMITTANCE = (
    "mend what it says; FAIRLEAD_TOKEN_FILE names the file of the token that is sent, which "
    "has to be one for this app: fairlead token create NAME --app APP -n NAMESPACE"
)


def _way_in(control: Answer) -> str:
    if control["source"] != "watch":
        return "put the file in place; it is read as soon as it is there"
    if "its certificate is refused" in control["problem"]:
        return "mend what it says; FAIRLEAD_CONTROL has to name a host of the certificate"
    if "refuses (" in control["problem"]:
        return _ADMITTANCE
    return "start it (fairlead serve), or set FAIRLEAD_CONTROL to where it is"


def shadows(answer: Answer) -> Iterator[tuple[str, list[str], str]]:
    """Yield each sort of shadow, the lanes that have some, and why they may not be served here."""
    # An agent of an older version says nothing of them.
    found = answer.get("shadows", {"lanes": {}})
    for sort, lanes in found["lanes"].items():
        yield sort, lanes, found["unfit"][sort]


def _notes(answer: Answer) -> Iterator[Problem]:
    for one in answer.get("leftovers", ()):
        place = f" at {one['place']}" if one["place"] else ""
        text = f"lane {one['lane']} was used {_times(one)} after its request had ended{place}"
        remedy = "await the work before the request ends, or start it with a context of its own"
        yield Problem(code="outlived", text=text, remedy=remedy)
    for one in answer.get("refusals", ()):
        what = one["statement"] or "a connection"
        text = f"refused {_times(one)} on lane {one['lane']}: {one['reason']}: {what}"
        yield Problem(code="sql", text=text, remedy="docs/shadow.md says what a lane may send")
    kept = answer["state"]
    if kept["problem"]:
        text = f"nothing is kept for a start without a control plane: {kept['problem']}"
        remedy = "make room, or set FAIRLEAD_STATE to a directory of this user's"
        yield Problem(code="state", text=text, remedy=remedy)


def _times(one: Answer) -> str:
    last = ago(one["last_ago"])
    return f"once, {last}," if one["count"] == 1 else f"{one['count']} times, the last {last},"


def ago(seconds: float | None) -> str:
    """Return how long ago something was: ``12 s ago``."""
    return "never" if seconds is None else f"{age(seconds)} ago"


def age(seconds: float) -> str:
    """Return an age in words: ``12 s``, ``3 min``, ``5 h``, ``2 d``."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
