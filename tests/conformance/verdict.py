"""What becomes of a case: it passes, it fails, or it is skipped with a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.conformance import notes, overload, questions, warmup
from tests.conformance.case import Case, Skip
from tests.conformance.forms import use
from tests.conformance.steps import play

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


class Verdict(NamedTuple):
    """Of one case; `reason` is empty where it passed."""

    id: str
    result: str
    reason: str = ""


_ADAPTIVE = "adaptive limits are not implemented"
_SYSTEM = "protection of a whole node is not implemented"
_CLUSTER = "tokens of a cluster are not implemented"

OUT_OF_SCOPE = {
    **dict.fromkeys(("vegas", "gradient", "gradient2", "aimd", "ewma", "envoy"), _ADAPTIVE),
    **dict.fromkeys(("limiter", "partition", "lifo"), _ADAPTIVE),
    "sre": _ADAPTIVE,
    **dict.fromkeys(("system", "system_trap"), _SYSTEM),
    **dict.fromkeys(("cluster", "reqlimiter"), _CLUSTER),
    **dict.fromkeys(("r4j", "r4j_rl"), "resilience4j's windows of calls are not implemented"),
    "tokenbucket": "Sentinel's bucket that fills by whole intervals is not implemented",
    "outlier": "instances are left out by Istio's rules, not by a breaker for each",
}

ANSWERS: dict[str, Callable[[Case], Iterator[str]]] = {
    "window": questions.window,
    "memory": questions.memory,
    "hotconc": questions.in_flight,
    "authority": questions.authority,
    "gwparse": questions.patterns,
    "bbr_inflight": overload.room,
    "bbr_drop": overload.drops,
    "sys": overload.sentinel,
    "warmup": warmup.answers,
    "warmup_trap": warmup.traps,
}
"""Families whose cases have words of their own; `steps` are the same in all."""

_OWN_WORDS = {
    "window": ("q",),
    "memory": ("mem",),
    "hotconc": ("in_flight",),
    "authority": ("expect",),
    "gwparse": ("checks",),
    "bbr_inflight": ("max_pass",),
    "bbr_drop": ("steps",),
    "sys": ("checks",),
    "warmup": ("q", "steps"),
    "warmup_trap": ("rule",),
}


def judge(case: Case, form: str) -> Verdict:
    """Return what becomes of a case against a form of the gate.

    A fault of the interpreter is a failure: nobody is to take it for a case that does not apply.
    """
    use(form)
    try:
        problem = next(_how(case)(case), "")
    except Skip as skip:
        return Verdict(case.id, SKIPPED, str(skip))
    except Exception as error:  # one case must not hide the others
        return Verdict(case.id, FAILED, f"{type(error).__name__}: {error}")
    return Verdict(case.id, FAILED if problem else PASSED, problem)


def _how(case: Case) -> Callable[[Case], Iterator[str]]:
    if case.family in OUT_OF_SCOPE:
        raise Skip(f"family {case.family}: {OUT_OF_SCOPE[case.family]}")
    if any(word in case.fields for word in _OWN_WORDS.get(case.family, ())):
        return ANSWERS[case.family]
    if "steps" in case.fields:
        return play
    if "note" in case.fields:
        return notes.run
    raise Skip(f"family {case.family}: nothing in it that this interpreter knows")
