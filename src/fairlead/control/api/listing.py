"""Lists of the REST API: which revision they show, and a page at a time.

All pages of a list show the revision of the first, whatever is written meanwhile: they are made of
what is there now and of the changes since then. A `continue` is therefore nothing but a revision
and a place; it is kept by nobody, outlives the server, and is of use for as long as a watch could
be resumed there.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

from fairlead.control.api.selectors import Selector, everything
from fairlead.control.api.served import Served
from fairlead.control.api.status import (
    Refused,
    bad_request,
    expired,
    invalid_option,
    too_new,
)
from fairlead.control.store import Expired, Store, Stored

Query: TypeAlias = Mapping[str, str]

EXACT, NOT_OLDER = "Exact", "NotOlderThan"
MATCHES = (EXACT, NOT_OLDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Continue:
    """Where the next page begins."""

    revision: int
    """0 where the rest is wanted as it is now, though the first page was of another time."""
    after: tuple[str, str]
    """Namespace and name of the last object that was sent."""

    def __str__(self) -> str:
        plain = {"v": 1, "rv": self.revision, "after": self.after}
        return urlsafe_b64encode(orjson.dumps(plain)).decode()

    @classmethod
    def read(cls, text: str) -> Continue:
        """Return what a client was given. Raises Refused."""
        try:
            plain: Any = orjson.loads(urlsafe_b64decode(text.encode()))
            namespace, name = plain["after"]
            revision = plain["rv"]
            genuine = plain["v"] == 1 and type(revision) is int and 0 <= revision < 1 << 60
            if not (genuine and isinstance(namespace, str) and isinstance(name, str)):
                raise ValueError("is not one of ours")
        except (ValueError, KeyError, TypeError) as error:
            raise bad_request(
                f"continue {text[:80]!r} is not one this server has given; list without it"
            ) from error
        return cls(revision=revision, after=(namespace, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Objects, the revision they are of, and what comes behind them."""

    items: Sequence[Stored]
    revision: int
    more: Continue | None = None
    remaining: int | None = None
    """Objects behind this page; None where a selector would have to look at all of them."""

    def metadata(self) -> dict[str, Any]:
        """Return the metadata of the list."""
        plain: dict[str, Any] = {"resourceVersion": str(self.revision)}
        if self.more is not None:
            plain["continue"] = str(self.more)
            if self.remaining is not None:
                plain["remainingItemCount"] = self.remaining
        return plain


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions:
    """What a client says about the list it wants."""

    limit: int = 0
    """Objects of a page; 0 for all."""
    revision: int | None = None
    exact: bool = False
    """Whether `revision` is wanted, not one that is as new."""
    start: Continue | None = field(default=None)

    @classmethod
    def read(cls, query: Query) -> ListOptions:
        """Return the options in a query. Raises Refused."""
        limit = _limit(query.get("limit", ""))
        text, match = query.get("resourceVersion", ""), query.get("resourceVersionMatch", "")
        token = query.get("continue", "")
        _check_match(match, text, token)
        if query.get("sendInitialEvents"):
            why = "is forbidden for a list"
            raise invalid_option("ListOptions", "sendInitialEvents", why)
        revision = revision_of(text)
        if token:
            if text not in ("", "0"):
                raise bad_request("a resourceVersion is not given together with a continue")
            return cls(limit=limit, start=Continue.read(token))
        # Kubernetes' law for clients from before there was resourceVersionMatch.
        exact = match == EXACT or (not match and limit > 0 and revision is not None)
        return cls(limit=limit, revision=revision, exact=exact)


def page(
    store: Store, served: Served, namespace: str | None, select: Selector, options: ListOptions
) -> Page:
    """Return the page of a list that `options` ask for. Raises Refused."""
    check_reached(store, options.revision)
    start = options.start
    at = options.revision if options.exact else None
    if start is not None and start.revision:
        at = start.revision
    try:
        found = store.listing(served.resource, namespace, at)
    except Expired as error:
        raise _forgotten(str(error), start) from error
    after = start.after if start is not None else ("", "")
    items = [item for item in found.items if item.key[1:] > after and select(item.object)]
    if not options.limit or len(items) <= options.limit:
        return Page(items=items, revision=found.revision)
    sent = items[: options.limit]
    more = Continue(revision=found.revision, after=sent[-1].key[1:])
    remaining = len(items) - len(sent) if select is everything else None
    return Page(items=sent, revision=found.revision, more=more, remaining=remaining)


def revision_of(text: str) -> int | None:
    """Return the revision that a client names; None where any will do. Raises Refused."""
    if text in ("", "0"):
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise bad_request(f"resourceVersion {text[:80]!r} is not one this server has given")
    return int(text)


def check_reached(store: Store, revision: int | None) -> None:
    """Raise Refused where `revision` is still to come: it may be that of another store."""
    if revision is not None and revision > store.revision:
        raise too_new(revision, store.revision)


def _limit(text: str) -> int:
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise bad_request(f"limit {text[:80]!r} is not a number of objects")
    return int(text or 0)


def _check_match(match: str, revision: str, token: str) -> None:
    if not match:
        return
    if match not in MATCHES:
        why = f"{match[:80]!r} is not supported; use {' or '.join(MATCHES)}"
    elif token:
        why = "is forbidden together with a continue"
    elif not revision:
        why = "is forbidden without a resourceVersion"
    elif match == EXACT and revision == "0":
        why = "'Exact' is forbidden for the resourceVersion '0'"
    else:
        return
    raise invalid_option("ListOptions", "resourceVersionMatch", why)


def _forgotten(message: str, start: Continue | None) -> Refused:
    """Say that a list cannot be had; with a `continue`, how to get the rest of it as it is now."""
    if start is None:
        return expired(message)
    refused = expired(
        f"the continue is too old ({message}): list again, or go on with the one in this answer, "
        "which shows the rest as it is now"
    )
    refused.more = str(Continue(revision=0, after=start.after))
    return refused
