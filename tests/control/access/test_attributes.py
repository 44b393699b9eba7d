"""How a request is read before it is judged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.control.access.attributes import attributes_of, is_deferred

GROUP = "traffic.opensergo.io"
LANES = f"/apis/{GROUP}/v1alpha1/namespaces/shop/trafficlanes"


@pytest.mark.parametrize(
    ("method", "path", "watch", "expected"),
    [
        ("GET", LANES, "", ("list", GROUP, "trafficlanes", "", "shop", "")),
        ("GET", LANES, "1", ("watch", GROUP, "trafficlanes", "", "shop", "")),
        ("GET", LANES, "true", ("watch", GROUP, "trafficlanes", "", "shop", "")),
        ("GET", LANES, "yes", ("list", GROUP, "trafficlanes", "", "shop", "")),
        ("GET", f"{LANES}/blue", "", ("get", GROUP, "trafficlanes", "", "shop", "blue")),
        ("GET", f"{LANES}/b/status", "", ("get", GROUP, "trafficlanes", "status", "shop", "b")),
        ("DELETE", LANES, "", ("deletecollection", GROUP, "trafficlanes", "", "shop", "")),
        ("GET", f"/apis/{GROUP}/v1/trafficlanes", "", ("list", GROUP, "trafficlanes", "", "", "")),
        ("GET", "/api/v1/namespaces", "", ("list", "", "namespaces", "", "", "")),
        ("PATCH", "/api/v1/namespaces/a", "", ("patch", "", "namespaces", "", "a", "a")),
        ("GET", "/api/v1/namespaces/a/status", "", ("get", "", "namespaces", "status", "a", "a")),
        ("GET", "/api/v1/namespaces/a/events/e", "", ("get", "", "events", "", "a", "e")),
        ("POST", LANES, "1", ("create", GROUP, "trafficlanes", "", "shop", "")),
    ],
)
def test_paths_are_read_as_kubernetes_reads_them(
    method: str, path: str, watch: str, expected: tuple[str, ...]
) -> None:
    """Verb, group, resource, namespace and name: what a rule can be about."""
    asked = attributes_of(method, path, watch)
    found = (asked.verb, asked.group, asked.resource, asked.subresource)
    assert (*found, asked.namespace, asked.name) == expected


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/apis",
        "/apis/g",
        "/apis/g/v",
        "/api",
        "/api/v1",
        "/api/v2/namespaces",
        f"/{LANES}",
        f"{LANES}/",
        f"/apis//{LANES}",
        "/apis/g/v//x",
        "apis/g/v/x",
        "/APIS/g/v/x",
        "/fairlead/v1/",
        "/fairlead/v1/watch/x",
        "/fairlead/v1/watch/",
        "/fairlead/v1/tokens/a/b",
        "/fairlead/v1/watch\n",
        "/fairlead/v1/nodes/../tokens",
        "/fairlead/v2/watch",
    ],
)
def test_a_path_that_is_no_resource_is_no_resource(path: str) -> None:
    """It is then an admin's only: a trick with slashes must not end at a rule for somebody else."""
    assert attributes_of("GET", path).resource == ""


@given(st.text(max_size=8), st.text(alphabet="/apisvx.*%\n:1namespaces", max_size=60), st.text())
def test_every_request_can_be_read(method: str, path: str, watch: str) -> None:
    """A request that cannot be judged must not be let through, nor end the server."""
    asked = attributes_of(method, path, watch)
    assert asked.path == path
    assert not is_deferred(asked) or path.startswith("/fairlead/v1/")
