"""Settings that are probably misspelt: variables nobody reads, values that say nothing.

A wrong name is no error, and so nobody is told that the instance is not what it was meant to be.
Looked at when a program starts; what it needs is imported only where something looks wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

PREFIX = "FAIRLEAD_"

USUAL = frozenset(
    ("ENABLED", "APP", "NAMESPACE", "LANE", "CONTROL", "ADDRESS", "STATE", "DEADLINE", "ROOT")
)
"""Known without a look at the table: what nearly every process has set, ours among them."""

OTHERS = (
    *("FAIRLEAD_DATA_DIR", "FAIRLEAD_GOVERNANCE", "FAIRLEAD_LISTEN", "FAIRLEAD_XDS"),
    *("FAIRLEAD_XDS_PRUNE", "FAIRLEAD_XDS_TLS", "FAIRLEAD_XDS_CLIENT_CA"),
    *("FAIRLEAD_XDS_CERT", "FAIRLEAD_XDS_KEY"),
    *("FAIRLEAD_AUTH", "FAIRLEAD_TLS_CERT", "FAIRLEAD_TLS_KEY"),
    *("FAIRLEAD_PROMETHEUS", "FAIRLEAD_PROMETHEUS_CREDENTIALS"),
    "FAIRLEAD_ROOT",
)
"""Variables of other programs of ours, and our own marks."""

_LOOKED_AT = (f"{PREFIX}SHADOW", f"{PREFIX}DISABLE")
_SWITCH = ("on", "off", "yes", "no", "true", "false")


def suspicious(environ: Mapping[str, str]) -> bool:
    """Tell, for next to nothing, whether `doubts` is worth asking."""
    return any(
        name.startswith(PREFIX) and value and name[len(PREFIX) :] not in USUAL
        for name, value in environ.items()
    )


def doubts(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each variable in `environ` that will not do what its author meant."""
    from fairlead.agent.settings import VARIABLES

    known = {*(variable.name for variable in VARIABLES), *OTHERS}
    for name in sorted(environ):
        ours = name.startswith(PREFIX) and environ[name] and name not in known
        if ours and not _is_of_kubernetes(name):
            yield f"{name} is no setting, and nobody reads it{_meant(name, known)}"
    shadow, disable = (environ.get(name, "").strip() for name in _LOOKED_AT)
    if shadow and shadow.lower() not in (*_SWITCH, "0", "1"):
        yield from _about_shadow(shadow)
    if disable:
        yield from _about_disable(disable)


def _is_of_kubernetes(name: str) -> bool:
    """Tell what every pod is given beside a Service whose name begins with ours."""
    parts = name.split("_")
    return "PORT" in parts or parts[-2:] == ["SERVICE", "HOST"]


def _about_shadow(value: str) -> Iterator[str]:
    """A word that is nearly a switch is read as the name of the one table to be rewritten."""
    hint = _meant(value, _SWITCH, 0.75)
    if hint and "," not in value:
        yield f"FAIRLEAD_SHADOW={value!r} lets only a table of that name be rewritten{hint}"


def _about_disable(value: str) -> Iterator[str]:
    from fairlead.instruments.survey import known

    names = {one.library for one in known()}
    lower = {name.lower() for name in names}
    for item in (item.strip() for item in value.split(",")):
        if item and item.lower() not in lower:
            hint = _meant(item, names)
            yield f"FAIRLEAD_DISABLE names {item!r}, which is no library that is hooked{hint}"


def _meant(word: str, known: Iterable[str], cutoff: float = 0.7) -> str:
    from difflib import get_close_matches

    names = {name.removeprefix(PREFIX).lower(): name for name in sorted(known)}
    text = word.removeprefix(PREFIX)[:80].lower()
    begun = [name for name in names if len(name) > 2 and text.startswith(name)]
    close = get_close_matches(text, names, n=1, cutoff=cutoff) or begun
    return f"; did you mean {names[close[0]]}?" if close else ""
