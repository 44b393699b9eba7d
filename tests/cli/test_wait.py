"""``fairlead wait``: scripts go on when something holds, and never hang."""

from __future__ import annotations

import threading

import pytest

from fairlead.cli.failure import Failed
from fairlead.cli.jsonpath import InvalidPath, JsonPath
from fairlead.cli.wait import seconds, wanted
from tests.cli.conftest import Say
from tests.cli.rules_text import lane, rule

PLAIN = {
    "metadata": {"name": "x", "generation": 2, "labels": {"app.io/part": "a"}},
    "spec": {"match": [{"value": "1"}, {"value": "2"}], "on": True},
    "status": {
        "live": "2/3",
        "conditions": [
            {"type": "Live", "status": "False", "message": "waiting", "observedGeneration": 2},
            {"type": "Enforced", "status": "True", "observedGeneration": 1},
        ],
    },
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("{.status.live}", ["2/3"]),
        (".status.live", ["2/3"]),
        ("{.spec.match[0].value}", ["1"]),
        ("{.spec.match[-1].value}", ["2"]),
        ("{.spec.match[*].value}", ["1", "2"]),
        ("{.metadata.labels['app.io/part']}", ["a"]),
        ('{.status.conditions[?(@.type=="Live")].status}', ["False"]),
        ("{.spec.on}", ["true"]),
        ("{.spec.nothing.at.all}", []),
        ("{.spec.match[7]}", []),
    ],
)
def test_a_path_is_read_as_kubectl_reads_it(path: str, found: list[str]) -> None:
    assert JsonPath(path).texts(PLAIN) == found


@pytest.mark.parametrize("path", ["", "{}", "{.a[}", "{.a[?(@.b>1)]}"])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    """A path that finds nothing by mistake waits for ever."""
    with pytest.raises(InvalidPath):
        JsonPath(path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("condition=Live=False", ""),
        ("condition=live=false", ""),
        ("condition=Live", "Live is False: waiting"),
        ("condition=Enforced", "Enforced is not told of its newest form yet"),
        ("condition=Overlaps", "it has no condition Overlaps, but Live, Enforced"),
        ("jsonpath={.status.live}=2/3", ""),
        ("jsonpath={.status.live}=3/3", "{.status.live} is 2/3"),
        ("jsonpath={.status.live}", ""),
        ("jsonpath=.status.live=2/3", ""),
        ("jsonpath={.status.nothing}", "{.status.nothing} is not there"),
        ('jsonpath={.status.conditions[?(@.type=="Live")].status}=False', ""),
        ("create", ""),
        ("delete", "it is still there"),
    ],
)
def test_what_holds_and_why_not(text: str, why: str) -> None:
    """Of a condition that was told of an older form nothing is known about this one."""
    assert wanted(text)(PLAIN) == why


@pytest.mark.parametrize("text", ["", "live", "condition", "condition=", "jsonpath={.a[}"])
def test_what_nobody_can_wait_for_is_a_usage_error(text: str) -> None:
    with pytest.raises(Failed) as failed:
        wanted(text)
    assert failed.value.status == 2


@pytest.mark.parametrize(("text", "number"), [("30s", 30), ("2m", 120), ("1.5", 1.5), ("1h", 3600)])
def test_a_timeout_is_said_with_its_unit(text: str, number: float) -> None:
    assert seconds(text) == number


def test_waiting_ends_when_it_holds_or_says_why_not(say: Say, namespace) -> None:
    """With the state it is in, so that nobody has to look it up."""
    say("apply", "-f", "-", "-n", namespace, stdin=lane().encode())
    done = say("wait", "tlane/lane", "--for=condition=Live=Unknown", "-n", namespace)
    assert (done.status, done.err) == (0, "")
    assert done.out == "trafficlane.traffic.opensergo.io/lane condition met\n"
    late = say("wait", "tlane", "lane", "--for=condition=Live", "--timeout=0s", "-n", namespace)
    assert late.status == 1
    assert "timed out waiting for condition=Live" in late.err
    assert "Live is Unknown: no workload" in late.err


def test_a_condition_that_will_not_come_is_not_waited_for(say: Say, namespace) -> None:
    """A lane is never Enforced: half a minute of waiting would only look like trouble."""
    say("apply", "-f", "-", "-n", namespace, stdin=lane().encode())
    for asked in ("Enforced", "Lief"):
        done = say("wait", "tlane/lane", f"--for=condition={asked}", "-n", namespace)
        assert done.status == 1
        assert f"lane has no condition {asked}, but Live" in done.err
        assert "timed out" not in done.err


def test_a_deletion_is_waited_for(say: Say, namespace, server) -> None:
    say("apply", "-f", "-", "-n", namespace, stdin=rule().encode())
    url = f"/apis/traffic.opensergo.io/v1alpha1/namespaces/{namespace}/trafficlabelrules/rule"
    with server.client() as http:
        timer = threading.Timer(0.3, lambda: http.delete(url))
        timer.start()
        done = say("wait", "tlr", "--all", "--for=delete", "-n", namespace)
        timer.join()
    assert done.out == "trafficlabelrule.traffic.opensergo.io/rule deleted\n"


def test_who_is_not_there_has_no_condition(say: Say, namespace) -> None:
    """A misspelt name would be waited for to the end."""
    said = say("wait", "tlr", "rule", "--for=condition=Live", "-n", namespace)
    assert said.status == 1
    assert "is not in namespace" in said.err
