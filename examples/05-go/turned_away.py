"""Rules about what the Go programs call: methods of gRPC, and apps, with answers in their place."""

from __future__ import annotations

import time
from pathlib import Path

from load import BASE, Answer, Request, ask
from outcome import Result
from plays import PLAYS
from scenarios import Scenario
from stage import Stage

POLICIES = Path(__file__).resolve().parent / "policies"
THREE = 3
"""Requests a minute that the rules let pass."""
PATIENCE = 15.0


def _scenario(name: str, says: str, *policies: str) -> Scenario:
    return Scenario(
        id=name,
        says=says,
        policy=tuple(str(POLICIES / policy) for policy in policies),
        beside_base=(),
        example=Request(expect=(BASE,)),
        rounds=(),
    )


METHOD = _scenario("grpc-method", "a method of gRPC is called three times a minute", "method.yaml")
IN_ITS_PLACE = _scenario(
    "in-its-place", "A goes on with an answer of the rule in the place of B's", "fallback.yaml"
)
GIVEN_UP = _scenario(
    "given-up",
    "C turns everybody away, so A gives B up, tries it again, and goes on when C is well",
    *("breaker.yaml", "method.yaml"),
)


def limited_method(stage: Stage, result: Result) -> None:
    """See what the caller of a caller gets of a method that may not be called."""
    words = "B answers 502 Bad Gateway: rpc error: code = Unavailable desc = C is busy\n"
    _then(stage, result, Request(expect=(words,), status=502))


def answered_in_its_place(stage: Stage, result: Result) -> None:
    """See a call answered by its rule."""
    _then(stage, result, Request(expect=("A→B rests",)))


def _then(stage: Stage, result: Result, other: Request) -> None:
    # The example was the first of those that pass.
    for _ in range(THREE - 1):
        result.tally.add(ask(stage.entry, Request(expect=(BASE,))))
    for _ in range(THREE):
        result.tally.add(ask(stage.entry, other))


def given_up(stage: Stage, result: Result) -> None:
    """See a breaker in a caller open, half open, and close."""
    for _ in range(THREE - 1):
        result.tally.add(ask(stage.entry, Request(expect=(BASE,))))
    seen = [_state(ask(stage.entry, Request(expect=(BASE,)))) for _ in range(THREE + 1)]
    if seen != ["fails", "fails", "fails", "given up"]:
        result.problems.append(f"B was to be given up at the third failure: {seen}")
    _until(stage, result, "fails")  # what tries it finds that C is not well yet
    again = _state(ask(stage.entry, Request(expect=(BASE,))))
    if again != "given up":
        result.problems.append(f"B was tried and failed, and then it was {again}")
    stage.fleet.apply(str(POLICIES / "breaker.yaml"))
    stage.fleet.settle()
    _until(stage, result, "passes")
    for _ in range(THREE):
        result.tally.add(ask(stage.entry, Request(expect=(BASE,))))
    result.figures["calls of B"] = [*seen, "tried: fails", again, "tried: passes"]


def _state(answer: Answer) -> str:
    if answer.text == "A→B is given up":
        return "given up"
    return {200: "passes", 502: "fails"}.get(answer.status, f"{answer.status} {answer.text}")


def _until(stage: Stage, result: Result, wanted: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while (state := _state(ask(stage.entry, Request(expect=(BASE,))))) != wanted:
        if time.monotonic() > deadline:
            result.problems.append(f"a call was to be one that {wanted}, it is {state}")
            return
        time.sleep(0.05)


PLAYS[METHOD.id] = limited_method
PLAYS[IN_ITS_PLACE.id] = answered_in_its_place
PLAYS[GIVEN_UP.id] = given_up
