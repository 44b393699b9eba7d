"""``fairlead describe``, and how names are said and meant."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Say
from tests.cli.rules_text import lane, rule
from tests.control.telemetry.test_endpoints import Shop


def test_describe_tells_what_is_written_what_is_found_and_who_wrote_it(say: Say, namespace):
    """Everything one has to look up otherwise, in the order in which it is asked."""
    say("apply", "-f", "-", "-n", namespace, stdin=lane().encode())
    said = say("wait", "tlane/lane", "--for=jsonpath={.status.live}", "-n", namespace)
    assert said.status == 0, said.err
    text = say("describe", "tlane", "lane", "-n", namespace).out
    for part in (
        "Name:         lane\n",
        f"Namespace:    {namespace}\n",
        "Labels:       app=gateway\n              team=a\n",
        "Kind:         TrafficLane\n",
        "Spec:\n  rules:\n",
        "Conditions:\n  TYPE",
        "  Live ",
        "Last Change:  revision ",
        "(by anonymous, ",
        "1 revision kept",
    ):
        assert part in text
    assert text.index("Spec:") < text.index("Conditions:") < text.index("Last Change:")


def test_several_objects_are_described_one_below_the_other(say: Say, namespace):
    """By name, by selector, or all of a namespace."""
    say("apply", "-f", "-", "-n", namespace, stdin=f"{rule('a')}---\n{rule('b')}".encode())
    assert say("describe", "tlr", "a", "b", "-n", namespace).out.count("Name:  ") == 2
    assert say("describe", "tlr", "-n", namespace).out.count("Name:  ") == 2
    assert say("describe", "tlr/b", "-n", namespace).out.count("Name:  ") == 1


@pytest.mark.parametrize("verb", ["get", "describe", "delete", "history", "edit", "rollback"])
def test_a_name_that_is_not_there_is_answered_with_the_one_that_was_meant(
    say: Say, namespace, verb
):
    """Names are typed from memory."""
    say("apply", "-f", "-", "-n", namespace, stdin=lane("checkout-gray").encode())
    said = say(verb, "tlane", "checkout-grey", "-n", namespace)
    assert said.status == 1
    assert "checkout-grey" in said.err
    assert "did you mean checkout-gray?" in said.err


def test_an_instance_that_is_asked_for_by_its_app_is_answered_with_those_of_the_app(
    say: Say, shop: Shop
):
    """Nobody remembers what an instance is called."""
    shop.register("catalog", 8001)
    shop.register("catalog", 8002)
    said = say("describe", "instance", "catalog", "-n", shop.namespace)
    assert said.status == 1
    assert said.err.count("catalog.127.0.0.1-800") == 2


def test_a_kind_that_is_not_there_is_answered_with_the_one_that_was_meant(say: Say):
    said = say("get", "trafficlane5")
    assert said.status == 2
    assert "did you mean trafficlane?" in said.err


def test_objects_of_two_kinds_are_described_one_below_the_other(say: Say, namespace):
    """KIND/NAME of any kind; a name that belongs to none is a usage error."""
    say("apply", "-f", "-", "-n", namespace, stdin=f"{rule('a')}---\n{lane()}".encode())
    said = say("describe", "tlane/lane", "tlr/a", "-n", namespace)
    assert (said.status, said.out.count("Name:  ")) == (0, 2)
    assert say("get", "tlane", "tlr/b").status == 2
    assert say("get", "tlane/a", "b").status == 2


def test_events_and_namespaces_are_shown_too(say: Say, namespace):
    """They are there for kubectl, so they are there."""
    say("apply", "-f", "-", "-n", namespace, stdin=rule("a").encode())
    assert namespace in say("get", "namespaces").out
    assert say("get", "ns", namespace, "-o", "name").out == f"namespace/{namespace}\n"
    assert "Name:         default" in say("describe", "ns", "default").out


def test_no_colour_is_in_a_pipe(say: Say, namespace):
    """Scripts cut and grep."""
    say("apply", "-f", "-", "-n", namespace, stdin=rule("a").encode())
    for words in (("get", "tlr"), ("describe", "tlr"), ("history", "tlr/a"), ("status",)):
        assert "\x1b" not in say(*words, "-n", namespace).out
