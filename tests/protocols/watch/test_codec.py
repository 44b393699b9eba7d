"""The texts of the wire, to the letter: another implementation is written from these."""

from __future__ import annotations

import json

import pytest

from fairlead.protocols.watch.codec import (
    Answer,
    InvalidReply,
    Registration,
    Subscription,
    answer_body,
    heartbeat_line,
    instance_path,
    read_lease,
    read_status,
    registration_body,
    snapshot_line,
    watch_path,
)

REGISTRATION = Registration(
    node="n",
    namespace="default",
    app="shop",
    address="[::1]:80",
    pid=7,
    host="h",
    labels=(("tag", "gray"),),
    hooks=({"library": "httpx", "version": "1", "state": "hooked", "reason": ""},),
    python="3.11.7",
    version="0.1.0",
    counters={"coloured_requests": {"gray": 12, "": 3}},
    unfit={"tables": "no rewriter", "databases": ""},
)


def test_a_watch_names_who_asks_and_nothing_that_was_not_set():
    """An explicit base lane and no lane at all are different answers to contract 1."""
    plain = Subscription(node="n", namespace="default", app="shop")
    base = Subscription(node="n", namespace="default", app="shop", lane="")

    assert watch_path(plain, None) == "/fairlead/v1/watch?namespace=default&app=shop&node=n"
    assert watch_path(base, None).endswith("&node=n&lane=")


def test_a_watch_names_labels_zone_and_what_is_in_force():
    """An unchanged snapshot does not travel again."""
    full = Subscription(
        node="n",
        namespace="default",
        app="shop",
        lane="gray",
        labels=(("tag", "gray"), ("a/b", "c d")),
        zone="eu/z/r1",
    )

    assert watch_path(full, ("abc", 9)) == (
        "/fairlead/v1/watch?namespace=default&app=shop&node=n&lane=gray&label=tag%3Dgray"
        "&label=a%2Fb%3Dc+d&zone=eu%2Fz%2Fr1&digest=abc&revision=9"
    )


def test_lines_are_single_and_carry_the_wire():
    """A line break inside a line would be two lines."""
    assert heartbeat_line(4) == b'{"wire":1,"type":"heartbeat","revision":4}\n'
    assert snapshot_line({"a": "b\nc"}) == (
        b'{"wire":1,"type":"snapshot","snapshot":{"a":"b\\nc"}}\n'
    )


def test_an_answer_says_what_it_answers():
    """``error`` null is an ACK, anything else a NACK."""
    answer = Answer(digest="d", revision=3, error="no", refused=("a: b",))

    assert json.loads(answer_body("n", answer)) == {
        "node": "n",
        "digest": "d",
        "revision": 3,
        "error": "no",
        "refused": ["a: b"],
    }


def test_a_registration_carries_every_field_of_the_wire():
    """Labels travel as pairs: a key may have several values."""
    assert json.loads(registration_body(REGISTRATION)) == {
        "node": "n",
        "namespace": "default",
        "app": "shop",
        "address": "[::1]:80",
        "pid": 7,
        "unmatched": None,
        "host": "h",
        "lane": None,
        "labels": [["tag", "gray"]],
        "zone": "",
        "hooks": [{"library": "httpx", "version": "1", "state": "hooked", "reason": ""}],
        "python": "3.11.7",
        "version": "0.1.0",
        "counters": {"coloured_requests": {"gray": 12, "": 3}},
        "unfit": {"tables": "no rewriter", "databases": ""},
        "warmup": 0.0,
        "protocol": "",
        "contracts": [],
    }
    assert instance_path(REGISTRATION) == (
        "/fairlead/v1/instances?namespace=default&app=shop&address=%5B%3A%3A1%5D%3A80&node=n"
    )


def test_a_lease_is_read_with_its_defaults():
    """A server that says less is still a server."""
    lease = read_lease(b'{"lane":"gray","conflict":"two lanes"}')

    assert (lease.lane, lease.conflict, lease.lease, lease.renew) == (
        "gray",
        "two lanes",
        10.0,
        3.0,
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'{"lease":"soon"}', b'{"renew":0}', b'{"renew":NaN}', b"[" * 100_000],
)
def test_what_is_no_lease_is_told_from_one(body):
    """A proxy's error page with status 200 must not count as a registration."""
    with pytest.raises(InvalidReply):
        read_lease(body)


def test_a_refusal_is_read_from_a_status_or_from_whatever_came():
    """Operators see the reason, also where it is a proxy that refuses."""
    assert read_status(b'{"kind":"Status","message":"no such app"}') == "no such app"
    assert read_status(b"<html>Bad Gateway</html>") == "<html>Bad Gateway</html>"
