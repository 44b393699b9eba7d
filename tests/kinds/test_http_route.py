"""HTTPRoute: what the Gateway API takes is taken, what it refuses is refused with its path."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from fairlead.compiler import World
from fairlead.kinds import HTTPRoute, InvalidResource, parse
from fairlead.kinds.gateway_api import duration, unsupported
from fairlead.kinds.schema import object_schema
from tests.kinds.objects import said


def made(version: str = "v1", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": f"gateway.networking.k8s.io/{version}",
        "kind": "HTTPRoute",
        "metadata": {"name": "r"},
        "spec": {"parentRefs": [{"name": "web"}], **spec},
    }


def rule(**rule: Any) -> dict[str, Any]:
    return made(rules=[rule])


BACKEND = {"name": "a", "port": 80}


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_both_versions_say_the_same(version):
    """Files of several years lie side by side in a cluster."""
    resource = parse(made(version, rules=[{"backendRefs": [BACKEND]}]))
    assert resource == parse(rule(backendRefs=[BACKEND]))
    assert resource.plain["apiVersion"] == "gateway.networking.k8s.io/v1"
    assert HTTPRoute(
        name="r", parent_refs=[{"name": "web"}], rules=[{"backendRefs": [BACKEND]}]
    ) == parse(rule(backendRefs=[BACKEND]))


def redirect(**more: Any) -> dict[str, Any]:
    return {"type": "RequestRedirect", "requestRedirect": more}


def rewrite(**more: Any) -> dict[str, Any]:
    return {"type": "URLRewrite", "urlRewrite": more}


PREFIX = {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/x"}}


def path(value: str, kind: str = "PathPrefix") -> dict[str, Any]:
    return rule(matches=[{"path": {"type": kind, "value": value}}])


@pytest.mark.parametrize(
    ("plain", "where", "what"),
    [
        (path("api"), "matches[0].path.value", "start with /"),
        (path("/a//b"), "matches[0].path.value", "//"),
        (path("/a/../b", "Exact"), "matches[0].path.value", "/../"),
        (path("/a%2fb"), "matches[0].path.value", "%2f"),
        (path("/a#b"), "matches[0].path.value", "#"),
        (path("/a/.."), "matches[0].path.value", "end with"),
        (path("/a b"), "matches[0].path.value", "%20"),
        (path("(", "RegularExpression"), "matches[0].path.value", ""),
        (rule(filters=[redirect(), rewrite()]), "filters", "not both"),
        (rule(filters=[redirect()], backendRefs=[BACKEND]), "backendRefs", "together"),
        (rule(filters=[rewrite(), rewrite()]), "filters", "once"),
        (rule(filters=[{"type": "CORS"}]), "filters[0].cors", "required"),
        (
            rule(filters=[{**redirect(), "type": "CORS", "cors": {}}]),
            "filters[0].requestRedirect",
            "must not",
        ),
        (rule(filters=[redirect(statusCode=304)]), "filters[0].requestRedirect.statusCode", "307"),
        (rule(filters=[redirect(hostname="*.a")]), "filters[0].requestRedirect.hostname", "*"),
        (
            rule(filters=[redirect(path={"type": "ReplaceFullPath"})]),
            "filters[0].requestRedirect.path.replaceFullPath",
            "required",
        ),
        (
            rule(filters=[rewrite(**PREFIX)], matches=[{"path": {"type": "Exact", "value": "/"}}]),
            "matches",
            "exactly one",
        ),
        (
            rule(timeouts={"request": "1s", "backendRequest": "2s"}),
            "timeouts.backendRequest",
            "longer than request, 1s",
        ),
        (rule(timeouts={"request": "1.5s"}), "timeouts.request", "500ms"),
        (rule(retry={"codes": [200]}), "retry.codes[0]", "at least 400"),
        (rule(retry={"attempts": 0}), "retry.attempts", "at least 1"),
        (rule(backendRefs=[{"name": "a"}]), "backendRefs[0].port", "required"),
        (rule(backendRefs=[{**BACKEND, "weight": -1}]), "backendRefs[0].weight", "at least 0"),
        (rule(backendRef=[BACKEND]), "backendRef", "did you mean backendRefs?"),
        (rule(matches=[{}] * 65), "matches", "at most 64"),
        (
            rule(filters=[{"type": "CORS", "cors": {"allowOrigins": ["*", "https://a"]}}]),
            "filters[0].cors.allowOrigins",
            "alone",
        ),
        (
            rule(filters=[{"type": "CORS", "cors": {"allowOrigins": ["a.com"]}}]),
            "filters[0].cors.allowOrigins[0]",
            "no origin",
        ),
    ],
)
def test_what_the_api_refuses_is_refused_with_its_path(plain, where, what):
    """The rules that a cluster checks with CEL, in sentences."""
    found = said(plain)
    assert what in found[f"spec.rules[0].{where}"]


@pytest.mark.parametrize(
    ("plain", "where"),
    [
        (made(rules=[{}] * 17), "spec.rules"),
        (
            made(rules=[{"matches": [{}] * 64}, {"matches": [{}] * 64}, {"matches": [{}]}]),
            "spec.rules",
        ),
        (made(rules=[]), "spec.rules"),
        (made(hostnames=["a.example.com"] * 17), "spec.hostnames"),
        (made(hostnames=["A.example.com"]), "spec.hostnames[0]"),
        (made(hostnames=["1.2.3.4"]), "spec.hostnames[0]"),
        (made(hostnames=["a.*.com"]), "spec.hostnames[0]"),
        (made(rules=[{"name": "x"}, {"name": "x"}]), "spec.rules[1].name"),
        (made(parentRefs=[{"name": "web"}, {"name": "web"}]), "spec.parentRefs[1]"),
        (
            made(parentRefs=[{"name": "web"}, {"name": "web", "sectionName": "a"}]),
            "spec.parentRefs[1]",
        ),
    ],
)
def test_limits_are_the_apis(plain, where):
    """16 rules, 64 matches each, 128 together, 16 hosts."""
    assert where in said(plain)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0), ("500ms", 0.5), ("1m30s", 90), ("1h2m3s4ms", 3723.004), ("1.5s", None), ("", None)]
    + [(text, None) for text in ("1", "-1s", "1us", "100000s", "1s1s1s1s1s", "1 s")],
)
def test_durations_are_those_of_gep_2257(text, seconds):
    """Up to four parts of up to five digits, without a sign or a fraction."""
    assert duration(text) == seconds


def test_words_of_another_version_are_taken_and_found():
    """The API forbids to crash on them; the status says UnsupportedValue."""
    match = {"path": {"type": "Fuzzy", "value": "x"}, "method": "QUERY"}
    resource = parse(rule(matches=[match], filters=[{"type": "Telepathy"}]))
    assert dict(unsupported(resource.spec)) == {
        "rules[0].matches[0].path.type": "Fuzzy",
        "rules[0].matches[0].method": "QUERY",
        "rules[0].filters[0].type": "Telepathy",
    }


HOSTILE: list[Any] = [
    None,
    1,
    1.5,
    True,
    "x",
    [],
    {},
    [None],
    [1],
    ["x"],
    [{}],
    [[]],
    {"x": 1},
    "a" * 5000,
]


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize(
    "field",
    ["matches", "filters", "backendRefs", "timeouts", "retry", "sessionPersistence", "name"],
)
def test_whatever_stands_in_a_field_is_taken_or_refused(field, value):
    """A stranger's file is answered, never a traceback."""
    for plain in (rule(**{field: value}), made(rules=value), made(parentRefs=value)):
        with suppress(InvalidResource):
            world = World.of([parse(plain)], (), 1)
            assert world.gateways.mesh("default") == ()


def test_the_schema_knows_every_field():
    """`kubectl explain` is made from it."""
    spec = object_schema(parse(made()).kind)["properties"]["spec"]["properties"]
    match = spec["rules"]["items"]["properties"]["matches"]["items"]["properties"]
    assert match["path"]["properties"]["value"]["type"] == "string"
    assert "x-fairlead-known" not in str(spec)
