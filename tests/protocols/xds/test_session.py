"""Transcripts of streams: each rule of xDS that clients rely on."""

from __future__ import annotations

import weakref

import pytest

from fairlead.protocols.xds.node import INBOUND, MOST_SERVED
from fairlead.protocols.xds.resource import (
    CLUSTER,
    ENDPOINTS,
    EXTENSION,
    LISTENER,
    NAMES,
    ROUTES,
)
from fairlead.protocols.xds.subscription import LONGEST_NAME, MOST_NAMES, Refused
from tests.protocols.xds.streams import Delta, Whole, discovery, resource, view

A, B = resource(CLUSTER, "a", assignment="a"), resource(CLUSTER, "b", assignment="b")
AT_A, AT_B = resource(ENDPOINTS, "a"), resource(ENDPOINTS, "b")
LISTENING, TABLE = resource(LISTENER, "l"), resource(ROUTES, "r")
ALL = view(A, B, AT_A, AT_B, LISTENING, TABLE)


@pytest.mark.parametrize("names", [(), ("*",)])
def test_a_first_request_without_names_is_for_everything(names):
    client = Whole(ALL)
    client.ask(CLUSTER, *names)

    assert client.get() == (CLUSTER, ["a:1", "b:1"])
    assert client.get() is None


def test_no_names_after_names_are_none():
    client = Whole(ALL)
    client.ask(CLUSTER, "a")
    assert client.get() == (CLUSTER, ["a:1"])
    client.ask(CLUSTER)

    client.session.offer(view(resource(CLUSTER, "a", "2"), before=ALL))

    assert client.get() is None


def test_endpoints_without_names_are_none():
    client = Whole(ALL)
    client.ask(ENDPOINTS)

    assert client.get() is None


def test_what_nobody_has_is_said_of_clusters_and_is_waited_for_of_endpoints():
    client = Whole(ALL)
    client.ask(CLUSTER, "x")
    client.ask(ENDPOINTS, "x")

    assert client.get() == (CLUSTER, [])
    assert client.get() is None

    client.ask(CLUSTER, "x")
    client.session.offer(view(A, AT_A, resource(ENDPOINTS, "x"), before=ALL))
    assert client.get() == (ENDPOINTS, ["x:1"])


def test_what_is_only_for_who_asks_is_not_in_everything():
    hidden = resource(LISTENER, "app", on_demand=True)
    client, other = Whole(view(LISTENING, hidden)), Delta(view(LISTENING, hidden))
    client.ask(LISTENER)
    other.ask(LISTENER)
    assert client.get() == (LISTENER, ["l:1"])
    assert other.get() == (LISTENER, ["l:1"], [])

    other.ask(LISTENER, "app")
    other.ack(LISTENER)
    assert other.get() == (LISTENER, ["app:1"], [])


def test_a_stale_nonce_is_ignored():
    client = Whole(ALL)
    client.ask(ENDPOINTS, "a")
    assert client.get() == (ENDPOINTS, ["a:1"])
    client.ask(ENDPOINTS, "a")
    client.session.offer(view(resource(ENDPOINTS, "a", "2"), AT_B, before=ALL))
    old = client.last[ENDPOINTS].nonce
    assert client.get() == (ENDPOINTS, ["a:2"])

    client.ask(ENDPOINTS, "a", "b", nonce=old)

    assert client.get() is None
    client.ask(ENDPOINTS, "a", "b")
    assert client.get() == (ENDPOINTS, ["b:1"])


def test_a_nonce_of_an_earlier_stream_is_a_first_request():
    client = Whole(ALL)
    client.ask(CLUSTER, nonce="77", version_info="9")

    assert client.get() == (CLUSTER, ["a:1", "b:1"])


@pytest.mark.parametrize("form", [Whole, Delta])
def test_a_refusal_is_kept_until_something_is_taken(form):
    client = form(ALL)
    client.ask(ROUTES, "r")
    client.get()

    rejection = client.ask(ROUTES, *(["r"] if form is Whole else []), error="no such cluster")

    assert rejection is not None
    assert (rejection.type_url, rejection.reason) == (ROUTES, "no such cluster")
    assert client.get() is None, "the same again would be refused again"
    assert client.session.rejections() == [rejection]
    client.session.offer(view(resource(ROUTES, "r", "2"), before=ALL))
    assert client.get() is not None
    (client.ask if form is Whole else client.ack)(ROUTES, *(["r"] if form is Whole else []))
    assert client.session.rejections() == []


def test_clusters_and_endpoints_come_first_and_routes_wait_for_their_answer():
    client = Whole(ALL)
    for type_url, names in (
        (ROUTES, ["r"]),
        (LISTENER, []),
        (ENDPOINTS, ["a", "b"]),
        (CLUSTER, []),
    ):
        client.ask(type_url, *names)

    assert client.get() == (CLUSTER, ["a:1", "b:1"])
    assert client.get() == (ENDPOINTS, ["a:1", "b:1"])
    assert client.get() is None, "Envoy answers when the clusters are warm"
    client.ask(ENDPOINTS, "a", "b")
    client.ask(CLUSTER)
    assert client.get() == (LISTENER, ["l:1"])
    assert client.get() == (ROUTES, ["r:1"])


def test_a_changed_cluster_brings_its_endpoints_again():
    changed = view(resource(CLUSTER, "a", "2", assignment="a"), B, AT_A, AT_B, before=ALL)
    whole, delta = Whole(ALL), Delta(ALL)
    for client in (whole, delta):
        client.ask(CLUSTER)
        client.ask(ENDPOINTS, "a", "b")
        client.get()
        client.get()
    whole.ask(CLUSTER)
    whole.ask(ENDPOINTS, "a", "b")
    delta.ack(CLUSTER)
    delta.ack(ENDPOINTS)

    for client in (whole, delta):
        client.session.offer(changed)

    assert [whole.get(), whole.get()] == [(CLUSTER, ["a:2", "b:1"]), (ENDPOINTS, ["a:1"])]
    assert [delta.get(), delta.get()] == [(CLUSTER, ["a:2"], []), (ENDPOINTS, ["a:1"], [])]


def test_what_goes_goes_last():
    client = Whole(ALL)
    client.ask(CLUSTER)
    client.ask(ROUTES, "r")
    client.get()
    client.ask(CLUSTER)
    client.get()
    client.ask(ROUTES, "r")

    moved = view(B, resource(CLUSTER, "c"), resource(ROUTES, "r", "2"), before=ALL)
    client.session.offer(moved)

    assert client.get() == (CLUSTER, ["a:1", "b:1", "c:1"]), "a is still routed to"
    client.ask(CLUSTER)
    assert client.get() == (ROUTES, ["r:2"])
    assert client.get() is None
    client.ask(ROUTES, "r")
    assert client.get() == (CLUSTER, ["b:1", "c:1"])


def test_what_goes_stays_while_new_routes_are_refused():
    client = Delta(ALL)
    client.ask(CLUSTER)
    client.ask(ROUTES, "r")
    client.get()
    client.ack(CLUSTER)
    client.get()
    client.ack(ROUTES)
    client.session.offer(view(B, resource(ROUTES, "r", "2"), before=ALL))
    assert client.get() == (ROUTES, ["r:2"], [])

    client.ask(ROUTES, error="no")

    assert client.get() is None
    client.session.offer(view(B, resource(ROUTES, "r", "3"), before=client.session.view))
    assert client.get() == (ROUTES, ["r:3"], [])
    client.ack(ROUTES)
    assert client.get() == (CLUSTER, [], ["a"])


def test_who_reads_slowly_gets_the_newest_only():
    client = Delta(ALL)
    client.ask(ENDPOINTS, "a", "b")
    client.get()
    before = ALL
    for count in range(2, 9):
        before = view(resource(ENDPOINTS, "a", str(count)), AT_B, before=before)
        client.session.offer(before)
        assert client.get() is None

    client.ack(ENDPOINTS)

    assert client.get() == (ENDPOINTS, ["a:8"], [])
    assert client.get() is None


def test_a_change_that_was_taken_back_meanwhile_is_none():
    client = Delta(ALL)
    client.ask(ENDPOINTS, "a")
    client.get()
    client.session.offer(view(resource(ENDPOINTS, "a", "2"), before=ALL))
    client.session.offer(view(AT_A, AT_B))
    client.ack(ENDPOINTS)

    assert client.get() is None


def test_delta_adds_and_takes_away_names():
    client = Delta(ALL)
    client.ask(ENDPOINTS, "a", "x")
    assert client.get() == (ENDPOINTS, ["a:1"], ["x"])
    client.ack(ENDPOINTS)
    client.ask(ENDPOINTS, "b", drop=["a"])
    assert client.get() == (ENDPOINTS, ["b:1"], [])
    client.ack(ENDPOINTS)
    client.session.offer(view(resource(ENDPOINTS, "a", "2"), AT_B, before=ALL))
    assert client.get() is None

    client.ask(ENDPOINTS, "b")

    assert client.get() == (ENDPOINTS, ["b:1"], []), "who asks again is answered again"


@pytest.mark.parametrize("form", [Whole, Delta])
def test_everything_is_answered_where_there_is_nothing(form):
    """Envoy waits fifteen seconds for an answer about its clusters before it serves."""
    client = form(view())
    client.ask(CLUSTER)

    assert client.get()[:2] == (CLUSTER, [])


def test_nothing_is_said_before_there_is_a_view():
    client = Whole()
    client.ask(CLUSTER)
    assert client.get() is None

    client.session.offer(ALL)

    assert client.get() == (CLUSTER, ["a:1", "b:1"])


@pytest.mark.parametrize("type_url", [EXTENSION, NAMES, "type.googleapis.com/example.Own"])
def test_other_types_are_asked_for_by_name(type_url):
    client = Delta(view(resource(type_url, "x")))
    client.ask(type_url, "x")

    assert client.get() == (type_url, ["x:1"], [])


def test_what_all_are_told_is_made_once():
    fleet = [Delta(ALL) for _ in range(3)]
    for client in fleet:
        client.ask(ENDPOINTS, "a", "b")
        client.get()
        client.ack(ENDPOINTS)
    newest = view(resource(ENDPOINTS, "a", "2"), AT_B, before=ALL)
    for client in fleet:
        client.session.offer(newest)

    first, *others = (client.session.next() for client in fleet)

    assert all(one is first for one in others)


def test_what_everybody_has_left_behind_is_not_kept():
    client, before = Delta(ALL), ALL
    client.ask(ENDPOINTS, "a")
    client.get()
    seen = []
    for count in range(2, 6):
        client.ack(ENDPOINTS)
        before = view(resource(ENDPOINTS, "a", str(count)), before=before)
        client.session.offer(before)
        assert client.get() == (ENDPOINTS, [f"a:{count}"], [])
        seen.append(weakref.ref(before.of(ENDPOINTS)))

    kept = [one() is not None for one in seen]

    assert kept == [False, False, True, True], "up to where it had acknowledged, and the newest"


def test_servers_are_told_by_the_listeners_they_ask_for():
    """An address is a part of the name; what else is asked for is no server's."""
    client = Delta(ALL)
    client.ask(LISTENER, "app", f"{INBOUND}0.0.0.0:80", f"{INBOUND}[::1]:81")
    first = client.session.node
    client.ask(LISTENER, "other")

    assert first is client.session.node
    assert first is not None
    assert first.served == ("0.0.0.0:80", "[::1]:81")
    client.ask(LISTENER, *(f"{INBOUND}0.0.0.0:{port}" for port in range(100)))
    assert client.session.node is not None
    assert len(client.session.node.served) == MOST_SERVED


def test_bounds():
    with pytest.raises(Refused, match="names"):
        Whole(ALL).ask(CLUSTER, *map(str, range(MOST_NAMES + 1)))
    with pytest.raises(Refused, match="characters"):
        Delta(ALL).ask(CLUSTER, "x" * (LONGEST_NAME + 1))
    with pytest.raises(Refused, match="type_url"):
        Whole(ALL).ask("")
    client = Whole(ALL)
    for count in range(64):
        client.ask(f"t{count}", "x")
    with pytest.raises(Refused, match="types"):
        client.ask("one more", "x")
    with pytest.raises(Refused, match="not a"):
        Whole(ALL).session.hear(b"\xff\xff")


def test_what_is_kept_of_a_node_is_little():
    request = discovery.DiscoveryRequest(type_url=CLUSTER)
    request.node.id = "sidecar~10.0.0.1~orders-1.shop~shop.svc.cluster.local"
    request.node.metadata["LABELS"] = {"app": "orders", "version": "2"}
    request.node.metadata["JUNK"] = "x" * 10_000
    request.node.locality.zone = "z1"
    client = Whole(ALL)
    client.session.hear(request.SerializeToString())

    node = client.session.node
    assert node is not None
    assert (node.kind, node.namespace, node.app, node.zone) == ("sidecar", "shop", "orders", "z1")
    assert dict(node.labels) == {"app": "orders", "version": "2"}
