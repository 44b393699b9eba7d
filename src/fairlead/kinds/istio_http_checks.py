"""What of a list of HTTP routes cannot be meant (Istio refuses it, too)."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from fairlead.kinds import names, regex
from fairlead.kinds.kind import Plain, child
from fairlead.kinds.networking import seconds
from fairlead.kinds.suggestion import choose
from fairlead.kinds.violation import Loc, Violation
from fairlead.policy.outcome import GRPC_CODES
from fairlead.policy.resilience import CONDITIONS, GRPC_CONDITIONS
from fairlead.policy.routing import expression

FOREIGN_CONDITIONS = (
    "envoy-ratelimited",
    "retriable-headers",
    "http3-post-connect-failure",
)
"""Conditions of Envoy's that are read, and met by nothing here."""

WAYS = ("exact", "prefix", "regex")
ABORTS = ("httpStatus", "grpcStatus", "http2Error")
REDIRECTS = (301, 302, 303, 307, 308)
LEAST_TIME = 0.001
"""Seconds of the shortest time that Istio takes."""
APART = {
    "redirect": ("route", "directResponse", "delegate", "fault", "rewrite"),
    "directResponse": ("route", "delegate", "fault", "rewrite"),
    "delegate": ("route",),
    "mirror": ("mirrors",),
}
"""What stands beside none of these."""


def violations(plain: Plain) -> Iterator[Violation]:
    """Check what types cannot say."""
    spec = child(plain, "spec")
    for loc, route in _items(spec.get("http"), ("spec", "http")):
        yield from _apart(route, loc)
        yield from _changes(route, loc)
        yield from _headers(route, loc)
        for where, one in _items(route.get("route"), (*loc, "route")):
            yield from _headers(one, where)
        if route.get("timeout") not in ("0", "0s"):
            yield from _short(route.get("timeout"), (*loc, "timeout"))
        yield from _retry(child(route, "retries"), (*loc, "retries"))
        yield from _fault(child(route, "fault"), (*loc, "fault"))
        yield from _weights(route.get("route"), (*loc, "route"))
        for where, match in _items(route.get("match"), (*loc, "match")):
            yield from _match(match, where)


def _items(raw: Any, loc: Loc) -> Iterator[tuple[Loc, Plain]]:
    for place, item in enumerate(raw if isinstance(raw, list) else ()):
        if isinstance(item, dict):
            yield (*loc, place), item


def _apart(route: Plain, loc: Loc) -> Iterator[Violation]:
    for name, others in APART.items():
        if route.get(name) is not None:
            for other in others:
                if route.get(other) is not None:
                    yield Violation(loc=(*loc, other), message=f"not beside {name}")
    redirect = child(route, "redirect")
    if redirect.get("port") is not None and redirect.get("derivePort") is not None:
        yield Violation(loc=(*loc, "redirect", "derivePort"), message="not beside port")
    code = redirect.get("redirectCode")
    if isinstance(code, int) and code not in REDIRECTS:
        message = f"must be one of {', '.join(map(str, REDIRECTS))}, got {code}"
        yield Violation(loc=(*loc, "redirect", "redirectCode"), message=message)


def _changes(route: Plain, loc: Loc) -> Iterator[Violation]:
    rewrite = child(route, "rewrite")
    if "rewrite" in route and not any(
        rewrite.get(name) for name in ("uri", "authority", "uriRegexRewrite")
    ):
        message = "needs uri, authority or uriRegexRewrite"
        yield Violation(loc=(*loc, "rewrite"), message=message)
    pattern = child(rewrite, "uriRegexRewrite").get("match")
    text = child(rewrite, "uriRegexRewrite").get("rewrite", "")
    if isinstance(pattern, str) and (found := unusable(pattern, text)):
        yield Violation(loc=(*loc, "rewrite", "uriRegexRewrite", "match"), message=found)
    body = child(child(route, "directResponse"), "body")
    where = (*loc, "directResponse", "body")
    if len([name for name in ("string", "bytes") if body.get(name) is not None]) > 1:
        yield Violation(loc=where, message="one of string and bytes")
    if isinstance(raw := body.get("bytes"), str) and _undecoded(raw) is None:
        yield Violation(loc=(*where, "bytes"), message="must be base64")


def unusable(pattern: str, text: Any = "") -> str | None:
    """Return why no data plane could carry out an expression, and `text` in its place."""
    if found := regex.problem(pattern):
        return found
    try:
        expression.checked_text(expression.compiled(pattern), text if isinstance(text, str) else "")
    except expression.InvalidExpression as error:
        return str(error)
    return None


def _headers(plain: Plain, loc: Loc) -> Iterator[Violation]:
    """Check names and values: of a bad one, Envoy refuses the whole table."""
    for side in ("request", "response"):
        operations = child(child(plain, "headers"), side)
        where = (*loc, "headers", side)
        for way in ("set", "add"):
            for name, value in child(operations, way).items():
                found = _name(name) or (names.printable(value) if isinstance(value, str) else None)
                if found:
                    yield Violation(loc=(*where, way, str(name)), message=found)
        removed = operations.get("remove")
        for place, name in enumerate(removed if isinstance(removed, list) else ()):
            if found := _name(name):
                yield Violation(loc=(*where, "remove", place), message=found)


def _name(name: Any) -> str | None:
    return names.token(name.removeprefix(":")) if isinstance(name, str) else None


def _undecoded(raw: str) -> bytes | None:
    try:
        return b64decode(raw, validate=True)
    except (binascii.Error, ValueError):
        return None


def _short(raw: Any, loc: Loc) -> Iterator[Violation]:
    """Yield a time that is shorter than anything Istio knows, and is not 0 by mistake."""
    found = seconds(raw) if isinstance(raw, str) else None
    if found is not None and found < LEAST_TIME:
        yield Violation(loc=loc, message=f"must be 1ms or more, got {raw[:80]}")


def _retry(retry: Plain, loc: Loc) -> Iterator[Violation]:
    yield from _short(retry.get("perTryTimeout"), (*loc, "perTryTimeout"))
    known = (*CONDITIONS, *GRPC_CONDITIONS, *FOREIGN_CONDITIONS)
    for word in conditions(retry.get("retryOn")):
        status = int(word) if word.isdecimal() and len(word) == 3 else 0
        if word not in known and not 100 <= status <= 599:
            yield Violation(loc=(*loc, "retryOn"), message=choose("condition", word, known))


def conditions(raw: Any) -> list[str]:
    """Return the words of ``retryOn``."""
    words = raw.split(",") if isinstance(raw, str) else []
    return [word for one in words if (word := one.strip())]


def _fault(fault: Plain, loc: Loc) -> Iterator[Violation]:
    abort, delay = child(fault, "abort"), child(fault, "delay")
    found = [one for one in ABORTS if abort.get(one) is not None]
    if "abort" in fault and len(found) != 1:
        message = f"needs exactly one of {', '.join(ABORTS)}; has {' and '.join(found) or 'none'}"
        yield Violation(loc=(*loc, "abort"), message=message)
    code = abort.get("grpcStatus")
    if isinstance(code, str) and code not in GRPC_CODES and not _numbered(code):
        where = (*loc, "abort", "grpcStatus")
        yield Violation(loc=where, message=choose("code", code, GRPC_CODES))
    yield from _short(delay.get("fixedDelay"), (*loc, "delay", "fixedDelay"))
    if "delay" in fault and not ({"fixedDelay", "exponentialDelay"} & delay.keys()):
        yield Violation(loc=(*loc, "delay"), message="needs fixedDelay, as 5s")


def _numbered(code: str) -> bool:
    return code.isdecimal() and len(code) < 3 and int(code) < len(GRPC_CODES)


def _weights(raw: Any, loc: Loc) -> Iterator[Violation]:
    weights = [one.get("weight", 0) for _, one in _items(raw, loc)]
    if len(weights) > 1 and all(weight == 0 for weight in weights):
        yield Violation(loc=loc, message="the weights add up to 0: nobody would be called")


def _match(match: Plain, loc: Loc) -> Iterator[Violation]:
    single = ("uri", "scheme", "method", "authority")
    texts = [((*loc, name), match.get(name), False) for name in single]
    for name in ("headers", "queryParams", "withoutHeaders", "arguments"):
        for key, text in child(match, name).items():
            texts.append(((*loc, name, str(key)), text, True))
    for where, text, optional in texts:
        ways = [way for way in WAYS if way in child(text)]
        if isinstance(text, dict) and (len(ways) > 1 or not (ways or optional)):
            message = f"needs exactly one of {', '.join(WAYS)}; has {' and '.join(ways) or 'none'}"
            yield Violation(loc=where, message=message)
        pattern = child(text).get("regex")
        # Alone it asks for presence (Istio), and is no regular expression.
        if isinstance(pattern, str) and pattern != "*" and (found := unusable(pattern)):
            yield Violation(loc=(*where, "regex"), message=found)
