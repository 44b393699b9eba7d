"""What apps send is shown, and never obeyed: by no verb, in no form, on no terminal."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from fairlead.cli.live import Event
from fairlead.cli.printing import Form
from fairlead.cli.tap import written
from tests.cli.conftest import Say
from tests.control.telemetry.reports import edge, interface, rule
from tests.control.telemetry.test_endpoints import Shop

ESCAPES = "\x1b[2J\x1b]52;c;eA==\x07"
CONTROLS = "\x9b2J\x9d0;owned\x9c\x85"
TURNED = "\u202egpj\u2066\u200f\ufeff"
ATTACKS = (ESCAPES, CONTROLS, TURNED, "x" * 1200, "a\nb\r\nc\td")
FORMS: tuple[tuple[str, ...], ...] = ((), ("-o", "json"), ("-o", "yaml"), ("-o", "wide"))


@pytest.fixture
def hostile(shop: Shop) -> Shop:
    """A shop in which every name that an app may choose is an attack."""
    for number, attack in enumerate(ATTACKS):
        hooks = ({"library": "lib", "version": attack, "state": "failed", "reason": attack},)
        told: dict[str, Any] = {"hooks": hooks, "python": attack, "version": attack}
        shop.register("orders", 7001 + number, lane="gray", **told)
        edges = (edge(f"to{attack}", 5, label="gray", lane="gray", lost=2), edge("x", label=attack))
        interfaces = (interface(f"GET:/{attack}", lane="gray"), interface("GET:/", lane=attack))
        rules = (rule(f"RateLimit/{attack}"),)
        report = shop.report("orders", 7001 + number, edges=edges, rules=rules)
        shop.post(replace(report, interfaces=interfaces))
    return shop


WORDS: tuple[tuple[str, ...], ...] = (
    ("get", "apps"),
    ("get", "app/orders"),
    ("get", "instances"),
    ("get", "events"),
    ("status",),
    ("lane", "list"),
    ("lane", "coverage", "gray"),
    ("top",),
    ("top", "orders"),
)


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
@pytest.mark.parametrize("form", [*FORMS, ("-o", "name")], ids=lambda form: form[-1:] or "text")
def test_no_verb_prints_what_a_terminal_obeys(
    say: Say, hostile: Shop, words: tuple[str, ...], form: tuple[str, ...]
) -> None:
    """Every character is one that can be seen, in a table, in JSON, in YAML and in a name."""
    said = say(*words, *form, "-n", hostile.namespace)
    assert said.status in (0, 1), said.err
    assert harmless(said.out + said.err)
    if form == ("-o", "json"):
        json.loads(said.out)


@pytest.mark.parametrize(
    "words", [("describe", "app", "orders"), ("describe", "instances"), ("describe", "events")]
)
def test_no_description_does_either(say: Say, hostile: Shop, words: tuple[str, ...]) -> None:
    assert harmless(say(*words, "-n", hostile.namespace).out)


@pytest.mark.parametrize("attack", [ESCAPES, CONTROLS, TURNED])
@pytest.mark.parametrize("verb", ["get", "describe", "history", "delete", "edit", "wait", "top"])
def test_what_was_typed_comes_back_harmless_in_a_message(
    say: Say, namespace: str, verb: str, attack: str
) -> None:
    """A name that was pasted is repeated where it is not found."""
    words = (verb, f"x{attack}") if verb == "top" else (verb, "tlane", f"x{attack}")
    more = ("--for=delete",) if verb == "wait" else ()
    said = say(*words, *more, "-n", namespace)
    assert harmless(said.out + said.err)


def test_a_table_is_no_wider_than_can_be_read(say: Say, hostile: Shop) -> None:
    """A name of thousands of letters would push all figures out of sight; -o wide has it whole."""
    lines = say("top", "orders", "-n", hostile.namespace).out.splitlines()
    assert max(map(len, lines[:10])) < 200


@pytest.mark.parametrize("form", [None, *Form])
@pytest.mark.parametrize("attack", ATTACKS)
def test_tap_shows_a_request_as_one_line_or_document(form: Form | None, attack: str) -> None:
    """Who watches requests go by watches what callers say of themselves."""
    told = {"app": f"o{attack}", "interface": attack, "caller": attack, "at": attack}
    for name in ("request", "event", "change"):
        text = written(Event(name, {**told, "kind": attack, "name": attack}), form)
        assert harmless(text)
        assert form is Form.YAML or "\n" not in text


def harmless(text: str) -> bool:
    strange = {one for one in text if not one.isprintable() and one != "\n"}
    assert strange == set()
    return True
