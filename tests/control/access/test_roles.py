"""What each role may do, as a table."""

from __future__ import annotations

import pytest

from fairlead.control.access.attributes import attributes_of
from fairlead.control.access.caller import Caller, not_permitted
from fairlead.control.access.roles import (
    REGISTRATIONS,
    SNAPSHOTS,
    Attributes,
    Grant,
    Identity,
    Role,
    allowed,
    conceivable,
)

LANES = "/apis/traffic.opensergo.io/v1alpha1/namespaces/shop/trafficlanes"
OTHER = "/apis/traffic.opensergo.io/v1alpha1/namespaces/bank/trafficlanes"
ALL = "/apis/traffic.opensergo.io/v1alpha1/trafficlanes"


def grant(text: str) -> Grant:
    role, _, where = text.partition("@")
    namespace, _, app = where.partition("/")
    return Grant(role=Role(role), namespace=namespace, app=app)


def may(granted: str, method: str, path: str, watch: str = "") -> bool:
    return allowed([grant(one) for one in granted.split()], attributes_of(method, path, watch))


@pytest.mark.parametrize(
    ("granted", "method", "path", "expected"),
    [
        ("view@shop", "GET", LANES, True),
        ("view@shop", "HEAD", f"{LANES}/blue", True),
        ("view@shop", "GET", OTHER, False),
        ("view@shop", "GET", ALL, False),
        ("view@*", "GET", ALL, True),
        ("view@*", "GET", OTHER, True),
        ("view@shop", "POST", LANES, False),
        ("view@*", "DELETE", f"{LANES}/blue", False),
        ("view@shop", "GET", "/api/v1/namespaces/shop", True),
        ("view@shop", "GET", "/api/v1/namespaces/bank", False),
        ("view@shop", "GET", "/api/v1/namespaces", False),
        ("view@*", "GET", "/api/v1/namespaces", True),
        ("view@shop", "GET", "/api/v1/namespaces/shop/events", True),
        ("view@shop", "GET", "/apis", True),
        ("view@shop", "GET", "/apis/fairlead.io/v1alpha1", True),
        ("view@shop", "GET", "/openapi/v3/apis/fairlead.io/v1alpha1", True),
        ("view@shop", "GET", "/metrics", False),
        ("edit@shop", "POST", LANES, True),
        ("edit@shop", "PUT", f"{LANES}/blue", True),
        ("edit@shop", "PATCH", f"{LANES}/blue", True),
        ("edit@shop", "DELETE", f"{LANES}/blue", True),
        ("edit@shop", "DELETE", LANES, True),
        ("edit@shop", "PATCH", f"{OTHER}/blue", False),
        ("edit@shop", "PATCH", "/api/v1/namespaces/shop", False),
        ("edit@*", "POST", "/api/v1/namespaces", False),
        ("edit@shop view@*", "GET", OTHER, True),
        ("edit@shop view@*", "POST", OTHER, False),
        ("admin@shop", "PATCH", "/api/v1/namespaces/shop", True),
        ("admin@shop", "PATCH", "/api/v1/namespaces/bank", False),
        ("admin@shop", "POST", "/api/v1/namespaces", False),
        ("admin@*", "POST", "/api/v1/namespaces", True),
        ("admin@*", "DELETE", "/whatever/is/added/later", True),
        ("admin@shop", "DELETE", "/whatever/is/added/later", False),
        ("agent@shop/cart", "GET", LANES, False),
        ("agent@shop/cart", "GET", "/apis", False),
        ("agent@shop/cart", "GET", "/api/v1/namespaces/shop", False),
    ],
)
def test_a_role_allows_what_it_is_for(granted: str, method: str, path: str, expected: bool) -> None:
    """The whole of who may do what is this table; what is not in it is refused."""
    assert may(granted, method, path) is expected


@pytest.mark.parametrize(
    ("namespace", "app", "expected"),
    [
        ("shop", "cart", True),
        ("shop", "Cart", False),
        ("shop", "", False),
        ("bank", "cart", False),
        ("*", "cart", False),
        ("shop", "*", False),
        ("", "cart", False),
    ],
)
def test_an_agent_speaks_for_one_app_of_one_namespace(
    namespace: str, app: str, expected: bool
) -> None:
    """A token taken from one app's machine must be worth nothing against another app."""
    for verb, resource in (("watch", SNAPSHOTS), ("create", REGISTRATIONS)):
        plural, _, group = resource.partition(".")
        asked = Attributes(
            verb=verb, path="", group=group, resource=plural, namespace=namespace, app=app
        )
        assert allowed([grant("agent@shop/cart")], asked) is expected


@pytest.mark.parametrize("granted", ["view@*", "edit@*", "admin@*"])
def test_no_person_speaks_for_an_app(granted: str) -> None:
    """So that nobody hands an admin's token to an application because it works too."""
    asked = attributes_of("GET", "/fairlead/v1/watch")
    assert not conceivable([grant(granted)], asked)
    assert not allowed([grant(granted)], asked)


def test_no_grant_is_no_right() -> None:
    """Whatever is asked for."""
    for path in (LANES, ALL, "/apis", "/", "/fairlead/v1/nodes", "/api/v1/namespaces"):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"):
            assert not allowed([], attributes_of(method, path))


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            f"{LANES}/blue",
            (
                'trafficlanes.traffic.opensergo.io "blue" is forbidden: User "anna" cannot get '
                'resource "trafficlanes" in API group "traffic.opensergo.io" in the namespace '
                '"shop"'
            ),
        ),
        (
            ALL,
            (
                'trafficlanes.traffic.opensergo.io is forbidden: User "anna" cannot list resource '
                '"trafficlanes" in API group "traffic.opensergo.io" at the cluster scope'
            ),
        ),
        ("/metrics", 'forbidden: User "anna" cannot get path "/metrics"'),
    ],
)
def test_a_refusal_is_worded_as_in_kubernetes(path: str, message: str) -> None:
    """People and scripts know the sentence: who, what, where."""
    caller = Caller(Identity(name="anna", uid="1", grants=()))
    refused = not_permitted(caller, attributes_of("GET", path))
    assert (refused.code, refused.reason) == (403, "Forbidden")
    assert refused.message == message
