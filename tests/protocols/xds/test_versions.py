"""Clients of differences that come again, with the versions that they have."""

from __future__ import annotations

import pytest

from fairlead.protocols.xds.resource import CLUSTER, ENDPOINTS, LISTENER, ROUTES, tagged
from fairlead.protocols.xds.subscription import LONGEST_ENTRY, LONGEST_NAME, Refused
from tests.protocols.xds.streams import Delta, resource, view

A, B = resource(CLUSTER, "a", assignment="a"), resource(CLUSTER, "b", assignment="b")
AT_A = resource(ENDPOINTS, "a")
ALL = view(A, B, AT_A, resource(ENDPOINTS, "b"), resource(LISTENER, "l"), resource(ROUTES, "r"))


def test_delta_that_comes_again_gets_what_it_lacks():
    held = {"a": A.version, "b": "another", "gone": "1"}
    client = Delta(ALL)
    client.ask(CLUSTER, "*", held=held)

    assert client.get() == (CLUSTER, ["b:1"], [])
    client.ack(CLUSTER)
    assert client.get() == (CLUSTER, [], ["gone"])


def test_versions_are_read_in_any_form_of_their_bytes():
    """We compare bytes first; a client may say the same in others, and one by one."""
    held = [
        tagged(5, tagged(2, A.version.encode()) + tagged(1, b"a")),
        tagged(5, tagged(1, b"b") + tagged(2, b"another") + tagged(2, B.version.encode())),
        tagged(5, tagged(1, b"gone") + tagged(2, b"1")),
    ]
    client = Delta(ALL)
    client.session.hear(tagged(2, CLUSTER.encode()) + tagged(3, b"*") + b"".join(held))

    assert client.get() == (CLUSTER, [], ["gone"])


def test_versions_that_cannot_be_read_are_refused():
    client = Delta(ALL)
    client.session.hear(tagged(2, CLUSTER.encode()) + tagged(3, b"*") + tagged(5, b"\x0a\xff"))
    with pytest.raises(Refused, match="initial_resource_versions"):
        client.get()
    with pytest.raises(Refused, match="versions"):
        Delta(ALL).ask(CLUSTER, held={"x" * (2 * LONGEST_ENTRY): "1"})
    client = Delta(ALL)
    client.ask(CLUSTER, held={"x" * (LONGEST_NAME + 1): "1"})
    with pytest.raises(Refused, match="characters"):
        client.get()


def test_what_is_no_request_of_differences_is_refused():
    """Parts are read where they are needed, and no later."""
    for data in (b"\xff\xff", tagged(1, b"\xff"), tagged(7, b"\xff")):
        with pytest.raises(Refused, match="not a request"):
            Delta(ALL).session.hear(tagged(2, CLUSTER.encode()) + data)


def test_a_reason_that_is_none_refuses_all_the_same():
    client = Delta(ALL)
    client.ask(CLUSTER)
    client.get()

    nonce = client.last[CLUSTER].nonce.encode()
    rejection = client.session.hear(tagged(2, CLUSTER.encode()) + tagged(6, nonce) + tagged(7, b""))

    assert rejection is not None
    assert rejection.reason == "no reason given"


def test_delta_that_lacks_nothing_is_sent_nothing():
    client = Delta(ALL)
    client.ask(ENDPOINTS, "a", held={"a": AT_A.version})
    client.ask(CLUSTER, held={"a": A.version, "b": B.version})

    assert client.get() is None
