"""Whether a table does with a request what a test of the suite expects."""

from __future__ import annotations

import re
from typing import Any

from fairlead.compiler.gateways.gateways import Served
from fairlead.policy.routing.action import Answer, Forward, HeaderChanges, Redirect
from fairlead.policy.routing.table import Route
from tests.compiler.gateways.decide import Asked, route_of

HOST = "any.example.com"
"""Host of requests that say none."""


def disagreement(served: Served, case: dict[str, Any]) -> str:
    """Return what is otherwise than a test expects, ``""`` where nothing is."""
    table, scheme = served.table, served.listeners[0][1].lower()
    said = case.get("Request") or {}
    asked = Asked(
        path=said.get("Path") or "/",
        host=said.get("Host") or HOST,
        method=said.get("Method") or "GET",
        headers=tuple((said.get("Headers") or {}).items()),
    )
    route = route_of(table, asked)
    wanted = case.get("Response") or {}
    statuses = wanted.get("StatusCodes") or [wanted.get("StatusCode") or 200]
    status = _status(route)
    shown = f"{asked.method} {asked.host}{asked.path}"
    if status not in statuses:
        return f"{shown}: {status}, expected {' or '.join(map(str, statuses))}"
    if isinstance(route and route.action, Redirect) and case.get("RedirectRequest"):
        return _told(shown, _redirected(route.action, asked, case["RedirectRequest"], scheme))
    if isinstance(route and route.action, Forward) and status in statuses:
        return _told(shown, _forwarded(route, asked, case))
    return ""


def _told(shown: str, problem: str) -> str:
    return f"{shown}: {problem}" if problem else ""


def _status(route: Route | None) -> int:
    if route is None:
        return 404
    if isinstance(route.action, Answer):
        return route.action.status
    return route.action.code if isinstance(route.action, Redirect) else 200


def _redirected(action: Redirect, asked: Asked, wanted: dict[str, Any], scheme: str) -> str:
    path = action.path or asked.path.partition("?")[0]
    if action.regex is not None:
        path = re.sub(action.regex.regex, action.regex.text, path)
    found = {
        "Scheme": action.scheme or scheme,
        "Host": action.host or asked.host,
        "Port": str(action.port or ""),
        "Path": path,
    }
    usual = {"http": "80", "https": "443"}[found["Scheme"]]
    for name, value in found.items():
        expected = wanted.get(name)
        if name == "Port" and {value, str(expected or "")} <= {"", usual}:
            continue
        if expected and expected.partition("?")[0] != value:
            return f"{name} {value!r}, expected {expected!r}"
    return ""


def _forwarded(route: Route, asked: Asked, case: dict[str, Any]) -> str:
    action = route.action
    assert isinstance(action, Forward)
    wanted = case.get("ExpectedRequest") or {}
    clusters = [one for one in action.clusters if _app(one.cluster) == case.get("Backend")]
    if case.get("Backend") and not clusters:
        return f"goes to {[_app(one.cluster) for one in action.clusters]}, not {case['Backend']}"
    path = asked.path
    if action.path is not None:
        rewrite = action.path
        path = rewrite.full or path
        path = re.sub(rewrite.regex.regex, rewrite.regex.text, path) if rewrite.regex else path
    host = action.host.literal if action.host else asked.host
    headers = {name.lower(): value for name, value in asked.headers}
    for changes in (route.changes, *(one.changes for one in clusters[:1])):
        _change(headers, changes)
    asks = wanted.get("Request") or {}
    if asks.get("Path") and asks["Path"] != path:
        return f"path {path!r}, expected {asks['Path']!r}"
    if asks.get("Host") and asks["Host"] != host:
        return f"host {host!r}, expected {asks['Host']!r}"
    headers_wanted = (wanted.get("Request") or {}).get("Headers")
    for name, value in headers_wanted.items() if isinstance(headers_wanted, dict) else ():
        if headers.get(name.lower()) != value:
            return f"header {name} {headers.get(name.lower())!r}, expected {value!r}"
    left = [name for name in wanted.get("AbsentHeaders") or () if name.lower() in headers]
    if left:
        return f"headers {left} are there"
    mirrors = {_app(one.cluster) for one in action.mirrors}
    copies = [one for one in case.get("MirroredTo") or () if isinstance(one, dict)]
    named = [(one.get("BackendRef") or one).get("Name") for one in copies]
    lacking = [name for name in named if name not in mirrors]
    return f"no copy to {lacking}" if lacking else ""


def _change(headers: dict[str, str], changes: HeaderChanges) -> None:
    for name in changes.request_removed:
        headers.pop(name.lower(), None)
    for one in changes.request_set:
        before = headers.get(one.name.lower())
        value = one.value.replace("%%", "%")
        joined = f"{before},{value}" if one.how == "append" and before is not None else value
        headers[one.name.lower()] = joined


def _app(cluster: str) -> str:
    return cluster.rpartition("|")[2].partition(".")[0]
