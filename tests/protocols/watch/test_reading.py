"""What agents send is read whole or refused with every reason."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.protocols.watch.codec import UNSAID, Answer, Registration, Subscription
from fairlead.protocols.watch.reader import InvalidMessage
from fairlead.protocols.watch.reading import (
    read_answer,
    read_departure,
    read_registration,
    read_subscription,
)

BODY: dict[str, Any] = {
    "node": "6f1c",
    "namespace": "shop",
    "app": "Cart_1",
    "address": "127.0.0.1:9001",
    "pid": 12,
    "host": "h1",
    "lane": None,
    "labels": [["tag", "gray"], ["example.com/team", ""]],
    "zone": "",
    "hooks": [{"library": "httpx", "version": "1.0", "state": "hooked", "reason": ""}],
    "python": "3.11.7",
    "version": "0.1.0",
    "counters": {"coloured_requests": {"gray": 1, "": 2}},
    "unfit": {"tables": "fairlead[sql] is not installed", "databases": ""},
}


def test_a_registration_is_read() -> None:
    """Field by field as BODY has them; unknown fields are a newer agent's and passed over."""
    assert read_registration(BODY | {"newer": {"x": 1}}) == Registration(
        node="6f1c",
        namespace="shop",
        app="Cart_1",
        address="127.0.0.1:9001",
        pid=12,
        host="h1",
        labels=(("tag", "gray"), ("example.com/team", "")),
        hooks=({"library": "httpx", "version": "1.0", "state": "hooked", "reason": ""},),
        python="3.11.7",
        version="0.1.0",
        counters={"coloured_requests": {"gray": 1, "": 2}},
        unfit={"tables": "fairlead[sql] is not installed", "databases": ""},
    )


@pytest.mark.parametrize("spelt", ["", "base", "_base"])
def test_every_spelling_of_base_is_a_lane_that_was_set(spelt: str) -> None:
    """Set to base is not the same as not set: labels are then not asked."""
    assert read_registration(BODY | {"lane": spelt}).lane == ""
    assert read_registration(BODY | {"lane": None}).lane is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("node", None),
        ("node", "a b"),
        ("node", "x" * 200),
        ("namespace", "Shop"),
        ("app", ""),
        ("app", "a b"),
        ("app", "a" * 64),
        ("address", None),
        ("address", "127.0.0.1"),
        ("address", "127.0.0.1:0"),
        ("address", "127.0.0.1:65536"),
        ("address", "127.0.0.1:٣"),
        ("address", ":80"),
        ("address", "a b:80"),
        ("address", "0.0.0.0:80"),
        ("address", "[::]:80"),
        ("address", "[::zz]:80"),
        ("address", "[:::]:80"),
        ("address", "unix:/tmp/x:1"),
        ("pid", -1),
        ("pid", True),
        ("pid", "12"),
        ("host", 5),
        ("lane", "a b"),
        ("lane", 5),
        ("labels", "tag=gray"),
        ("labels", [["tag"]]),
        ("labels", [["tag", 5]]),
        ("labels", [["tag", "a b"]]),
        ("labels", [["ta g", "a"]]),
        ("labels", [["tag", f"v{n}"] for n in range(65)]),
        ("zone", "a b"),
        ("zone", "a/"),
        ("zone", "a/b/c/d"),
        ("zone", ["a"]),
        ("hooks", ["httpx"]),
        ("hooks", {"library": "httpx"}),
        ("hooks", [{}] * 257),
        ("unfit", "no"),
        ("unfit", {"tables": 5}),
        ("unfit", {"tables": "", "databases": ["x"]}),
        ("counters", []),
        ("counters", {"coloured_requests": [1]}),
        ("counters", {"coloured_requests": {"gray": -1}}),
        ("counters", {"coloured_requests": {"gray": 1.5}}),
        ("counters", {"coloured_requests": {str(n): 1 for n in range(1025)}}),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(field: str, value: Any) -> None:
    """The agent's log is where its author finds out."""
    with pytest.raises(InvalidMessage) as refused:
        read_registration(BODY | {field: value})
    assert [name.partition("[")[0].partition(".")[0] for name, _ in refused.value.problems] == [
        field
    ]


def test_everything_wrong_is_told_at_once() -> None:
    """Somebody who fixes one label should not meet the next fault on the next try."""
    with pytest.raises(InvalidMessage) as refused:
        read_registration({"labels": [["a b", "c"]], "lane": "x y"})
    fields = [field for field, _ in refused.value.problems]
    assert fields == ["node", "namespace", "app", "address", "pid", "lane", "labels[0]"]


@pytest.mark.parametrize("body", [None, [], "text", 5])
def test_a_message_is_an_object(body: Any) -> None:
    """Anything else has no field to name."""
    with pytest.raises(InvalidMessage):
        read_registration(body)
    with pytest.raises(InvalidMessage):
        read_answer(body)


def test_long_explanations_are_cut_not_refused() -> None:
    """Why a hook failed may be a traceback; the instance must be there all the same."""
    hook = {"library": "x", "state": "failed", "reason": "r" * 10_000, "version": None}
    read = read_registration(BODY | {"hooks": [hook]})
    assert len(read.hooks[0]["reason"]) == 512
    assert read.hooks[0]["version"] == ""


@pytest.mark.parametrize(
    "said",
    [{}, {"unfit": None}, {"unfit": {}}, {"unfit": {"newer": ""}}, {"unfit": {"tables": None}}],
)
def test_an_agent_that_does_not_say_that_it_is_fit_is_not(said: dict[str, Any]) -> None:
    """An older or a foreign one may write a lane's rows to base, and says nothing of it."""
    body = {key: value for key, value in BODY.items() if key != "unfit"}
    assert read_registration(body | said).unfit == {"tables": UNSAID, "databases": UNSAID}


def test_what_makes_an_instance_unfit_is_cut_to_size_and_nothing_else_is_kept() -> None:
    """It stands in the snapshots of all its callers."""
    unfit = {"tables": "t" * 10_000, "databases": "", **{f"more{n}": "x" for n in range(1_000)}}
    assert read_registration(BODY | {"unfit": unfit}).unfit == {
        "tables": "t" * 512,
        "databases": "",
    }


def test_a_subscription_is_read() -> None:
    """A label may repeat, and a bare lane parameter says base."""
    query = [
        ("namespace", "shop"),
        ("app", "cart"),
        ("node", "n1"),
        ("lane", ""),
        ("label", "tag=gray"),
        ("label", "tag=blue"),
        ("zone", "z"),
        ("digest", "ab12"),
        ("revision", "7"),
        ("newer", "x"),
    ]
    subscription = Subscription(
        node="n1",
        namespace="shop",
        app="cart",
        lane="",
        labels=(("tag", "gray"), ("tag", "blue")),
        zone="z",
    )
    assert read_subscription(query) == (subscription, "ab12")
    assert read_subscription(query[:3])[0].lane is None


@pytest.mark.parametrize("wrong", [("lane", "a b"), ("label", "=x"), ("digest", "../x")])
def test_a_subscription_that_cannot_be_is_refused(wrong: tuple[str, str]) -> None:
    """It decides what is compiled and remembered for as long as the agent lives."""
    with pytest.raises(InvalidMessage):
        read_subscription([("namespace", "shop"), ("app", "cart"), ("node", "n1"), wrong])


def test_answers_are_read_and_their_texts_cut() -> None:
    """They end up in a status that everybody reads."""
    plain = {"node": "n", "digest": "ab", "revision": 3, "error": "e" * 9_000, "refused": ["x"]}
    node, answer = read_answer(plain)
    assert node == "n"
    assert answer == Answer(digest="ab", revision=3, error="e" * 512, refused=("x",))
    with pytest.raises(InvalidMessage):
        read_answer(plain | {"refused": [1]})
    with pytest.raises(InvalidMessage):
        read_answer(plain | {"error": 5})


def test_a_departure_names_one_process() -> None:
    """Namespace, app, address and node, all of them."""
    query = [("namespace", "s"), ("app", "a"), ("address", "H:1"), ("node", "n")]
    assert read_departure(query) == ("s", "a", "h:1", "n")
    with pytest.raises(InvalidMessage):
        read_departure(query[:-1])
