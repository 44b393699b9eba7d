"""What a route changes of a request of aiohttp's, and of its answer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairlead.flow.call import Call
    from fairlead.flow.changing import Change


def change_headers(headers: Any, change: Change) -> None:
    """Write what is changed of the headers of a request."""
    removed, added = change.headers
    if change.authority is not None:
        headers["Host"] = change.authority
    for name in removed:
        headers.popall(name, None)
    for name, value in added:
        headers.add(name, value)


def with_target(url: Any, target: str) -> Any:
    """Return `url` with another path and query, as they are sent."""
    path, mark, query = target.partition("?")
    return url.build(
        scheme=url.scheme,
        host=url.raw_host,
        port=url.explicit_port,
        path=path,
        query_string=query if mark else "",
        encoded=True,
    )


def change_answer(response: Any, call: Call) -> None:
    """Write what is changed of an answer."""
    if call.change is None or call.change.answer is None:
        return
    multidict = sys.modules["multidict"]
    headers = multidict.CIMultiDict(response.headers)

    def header(name: str) -> str | None:
        values = headers.getall(name, None)
        return None if values is None else ",".join(values)

    removed, added = call.change.answer(header)
    for name in removed:
        headers.popall(name, None)
    for name, value in added:
        headers.add(name, value)
    response._headers = multidict.CIMultiDictProxy(headers)
    response._cache.pop("headers", None)
