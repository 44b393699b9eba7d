"""``fairlead history`` and ``fairlead rollback``: what it was, and how to have it back."""

from __future__ import annotations

import json

from tests.cli.conftest import Say
from tests.cli.rules_text import rule


def put(say: Say, namespace: str, value: str) -> None:
    said = say("apply", "-f", "-", "-n", namespace, stdin=rule(value=value).encode())
    assert said.status == 0, said.err


def value(say: Say, namespace: str) -> str:
    stored = json.loads(say("get", "tlr", "rule", "-o", "json", "-n", namespace).out)
    return str(stored["spec"]["match"][0]["value"])


def revisions(say: Say, namespace: str) -> list[str]:
    return say("history", "tlr/rule", "-o", "name", "-n", namespace).out.split()


def test_history_tells_who_changed_what(say: Say, namespace):
    """The newest first, with the fields that it changed."""
    for text in ("a", "b"):
        put(say, namespace, text)
    say("delete", "tlr/rule", "-n", namespace)
    head, gone, changed, made = say("history", "tlr/rule", "-n", namespace).out.splitlines()
    assert head.split() == ["REVISION", "AGE", "WHO", "TYPE", "CHANGED"]
    assert "DELETED" in gone
    assert changed.split()[2:] == ["anonymous", "MODIFIED", "spec.match[0].value"]
    assert "ADDED" in made


def test_a_revision_is_shown_whole_or_as_what_it_changed(say: Say, namespace):
    """To be looked at, or to be applied somewhere else."""
    for text in ("a", "b"):
        put(say, namespace, text)
    _, first = revisions(say, namespace)
    shown = say("history", "tlr/rule", "--revision", first, "-n", namespace).out
    assert "value: a" in shown
    applied = say("apply", "-f", "-", "-n", namespace, stdin=shown.encode())
    assert applied.out.endswith("configured\n")
    diff = say("history", "tlr/rule", "--diff", "-n", namespace).out
    assert "-    value: a" in diff
    assert "+    value: b" in diff


def test_rollback_goes_to_the_last_that_said_something_else(say: Say, namespace):
    """Without a number: what was changed just now was wrong."""
    for text in ("a", "b"):
        put(say, namespace, text)
    dry = say("rollback", "tlr/rule", "--dry-run", "-n", namespace)
    assert dry.status == 0
    assert "+    value: a" in dry.out
    assert "would go back to revision" in dry.out
    assert value(say, namespace) == "b"
    assert "went back to revision" in say("rollback", "tlr", "rule", "-n", namespace).out
    assert value(say, namespace) == "a"
    say("rollback", "tlr", "rule", "-n", namespace)
    assert value(say, namespace) == "b"


def test_rollback_to_a_revision(say: Say, namespace):
    for text in ("a", "b", "c"):
        put(say, namespace, text)
    third, _, first = revisions(say, namespace)
    assert say("rollback", "tlr/rule", "--to", first, "-n", namespace).status == 0
    assert value(say, namespace) == "a"
    assert "is as in revision" in say("rollback", "tlr/rule", "--to", first, "-n", namespace).out
    assert say("rollback", "tlr/rule", "--to", third, "-n", namespace).status == 0
    assert value(say, namespace) == "c"
    absent = say("rollback", "tlr/rule", "--to", "5", "-n", namespace)
    assert absent.status == 1
    assert "has no revision 5; kept are" in absent.err


def test_what_was_deleted_is_there_again(say: Say, namespace):
    """The most expensive mistake has to be the easiest to undo."""
    put(say, namespace, "a")
    say("delete", "tlr/rule", "-n", namespace)
    assert say("rollback", "tlr/rule", "-n", namespace).status == 0
    assert value(say, namespace) == "a"


def test_an_object_with_one_revision_has_nowhere_to_go(say: Say, namespace):
    put(say, namespace, "a")
    said = say("rollback", "tlr/rule", "-n", namespace)
    assert said.status == 1
    assert "no earlier revision" in said.err
