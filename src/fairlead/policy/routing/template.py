"""Envoy's uri_template: ``/v1/{name}/*``, ``{rest=**}``; and rewrites that name its variables."""

from __future__ import annotations

import re

from fairlead.policy.routing import expression

_LETTERS = r"a-zA-Z0-9\-._~%!$&'()+,;:@="
_PART = re.compile(r"\{(\w+)(?:=([^{}]*))?\}|\*\*|\*|[^{}*]+")
_VARIABLE = re.compile(r"\{(\w+)\}")


def template(text: str) -> re.Pattern[str]:
    """Return what matches a template; variables are groups of their names.

    Raises:
        expression.InvalidExpression: It is none.
    """
    at, parts = 0, []
    while at < len(text):
        found = _PART.match(text, at)
        if found is None:
            raise expression.InvalidExpression(f"{text!r} is not a template, at {text[at:]!r}")
        at = found.end()
        if found[1] is None:
            parts.append(_globbed(found[0]))
        else:
            inner = "".join(_globbed(one[0]) for one in _PART.finditer(found[2] or "*"))
            parts.append(f"(?P<{found[1]}>{inner})")
    try:
        return re.compile("".join(parts), re.ASCII)
    except re.error as error:
        raise expression.InvalidExpression(f"{text!r} is not a template: {error}") from error


def rewritten(pattern: re.Pattern[str], text: str, path: str) -> str:
    """Return `text` with the variables that `pattern` finds in `path`."""
    found = pattern.fullmatch(path)
    if found is None:
        return path
    names = found.groupdict()
    return _VARIABLE.sub(lambda one: names.get(one[1]) or "", text)


def head(text: str) -> str:
    """Return the text that everything begins with which the template matches."""
    return re.split(r"[{*]", text, maxsplit=1)[0]


def _globbed(part: str) -> str:
    if part == "**":
        return f"[{_LETTERS}/]*"
    return f"[{_LETTERS}]+" if part == "*" else re.escape(part)
