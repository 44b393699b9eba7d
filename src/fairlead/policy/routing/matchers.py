"""Custom matchers: tests of a request by functions that users register under a name."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from fairlead.policy.match import BUCKETS, bucket
from fairlead.policy.parts import trace_id
from fairlead.policy.routing.request import RequestLike

Matcher = Callable[[RequestLike, Mapping[str, str]], bool]
"""Whether a request passes, given the arguments of the rule. It has to be quick and pure; one that
raises does not match, and the decision says so."""

GROUP = "fairlead.matchers"
"""Entry points by which packages register matchers."""

VERIFIED = "envoy.filters.http.jwt_authn"
"""Metadata that holds claims of tokens whose signature has been verified."""


def client_cidr(request: RequestLike, arguments: Mapping[str, str]) -> bool:
    """Whether the direct peer's address is in one of the ranges of `cidr`, separated by commas."""
    address = ipaddress.ip_address(request.source_ip)
    return any(
        address in ipaddress.ip_network(one.strip(), strict=False)
        for one in arguments["cidr"].split(",")
    )


def hash_percentage(request: RequestLike, arguments: Mapping[str, str]) -> bool:
    """Whether a value falls into the first `percent` of all, salted by `salt`.

    It is that of `header`, `cookie` or `query`, whichever is named.
    """
    if "header" in arguments:
        value = request.header(arguments["header"].lower())
    elif "cookie" in arguments:
        value = request.cookies.get(arguments["cookie"])
    else:
        value = request.queries.get(arguments["query"])
    return value is not None and _among(value, arguments)


def trace_of(request: RequestLike, arguments: Mapping[str, str]) -> bool:
    """Whether the id of the trace is one of `ids`, or falls into the first `percent` of all.

    It is found as `policy.parts.trace_id` finds it: W3C, B3, SkyWalking or EagleEye. All calls of
    one trace are on one side.
    """
    found = trace_id(request.header)
    if found is None:
        return False
    if "ids" in arguments:
        return found in (one.strip() for one in arguments["ids"].split(","))
    return _among(found, arguments)


def _among(value: str, arguments: Mapping[str, str]) -> bool:
    share = float(arguments["percent"]) / 100
    return bucket(arguments.get("salt", ""), value) < int(share * BUCKETS)


def jwt_claim(request: RequestLike, arguments: Mapping[str, str]) -> bool:
    """Whether `claim` of a verified token is `value`, or holds it, where it is a list.

    Only metadata of the filter that has verified the token counts. A token in a header is what a
    client says, and is not looked at.
    """
    found: Any = request.metadata.get(arguments.get("filter", VERIFIED))
    for step in (arguments.get("payload", "payload"), *arguments["claim"].split(".")):
        found = found.get(step) if isinstance(found, Mapping) else None
    wanted = arguments["value"]
    return wanted in found if isinstance(found, list | tuple) else found == wanted


BUILT_IN: Mapping[str, Matcher] = MappingProxyType(
    {
        "fairlead.client-cidr": client_cidr,
        "fairlead.hash-percentage": hash_percentage,
        "fairlead.jwt-claim": jwt_claim,
        "fairlead.trace-id": trace_of,
    }
)
