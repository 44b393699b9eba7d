"""HttpRequestFallbackAction: what a rejected request is answered. OpenSergo, 2022.

The specification knows an HTTP response. A redirect, a queue message, a status of gRPC and a value
that a function returns are extensions of ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from fairlead.kinds.admission import authored
from fairlead.kinds.kind import AGE, LIVE, NAME, Column, Kind, Plain, Resource, child
from fairlead.kinds.names import encodable
from fairlead.kinds.spec import INT_OR_STRING, MatchText, Spec, Token, checked, match_text
from fairlead.kinds.suggestion import choose
from fairlead.kinds.violation import Loc, Violation, refusal
from fairlead.policy.outcome import GRPC_CODES
from fairlead.policy.workload import DEFAULT_NAMESPACE

LARGEST_BODY = 64 * 1024
"""Bytes of a body: it is in the snapshot of every instance of the app."""

LONGEST_URL = 2048

PROVIDED, REDIRECT, QUEUE = "ReturnProvidedResponse", "Redirect", "QueueMessage"

REDIRECTS = (301, 302, 303, 307, 308)

_OTHERS = {"grpcStatus", "grpcMessage", "value"}
"""Answers to what is no HTTP request, which may come alone."""

_SERVERS_OWN = frozenset(
    ("connection", "content-length", "date", "keep-alive", "te", "trailer", "transfer-encoding")
)


def server_sets(name: str) -> str | None:
    """Say that a header is not an author's to set, or return None."""
    if name.lower() in _SERVERS_OWN:
        return f"{name} is the server's to set: remove it"
    return None


def header_value(text: str) -> str | None:
    """Say why `text` cannot be the value of a header, or return None."""
    # RFC 9110 §5.5: what is not Latin-1 cannot be a header, and a line break begins another one.
    if text != text.strip(" "):
        return "begins or ends with a blank, which a server may refuse to send: remove it"
    if all(32 <= ord(c) < 127 or 160 <= ord(c) < 256 for c in text):
        return None
    return "has a character that a header cannot carry: use printable Latin-1 in one line"


def body_text(text: str) -> str | None:
    """Say why `text` cannot be a body, or return None."""
    problem = encodable(text)
    size = len(text.encode("utf-8", "replace"))
    if problem is None and size > LARGEST_BODY:
        return f"is {size} bytes long, at most {LARGEST_BODY} are sent"
    return problem


def place(text: str) -> str | None:
    """Say why `text` is no place to send a client to, or return None."""
    if not text.startswith(("http://", "https://", "/")):
        return f"{text[:80]!r} is no place to go to: begin it with https:// or /"
    if len(text) > LONGEST_URL:
        return f"is {len(text)} characters long, at most {LONGEST_URL} are sent"
    return header_value(text)


def _grpc(value: Any) -> int:
    text = match_text(value)
    number = GRPC_CODES.index(text) if text in GRPC_CODES else -1
    if text.isascii() and text.isdigit() and int(text[:9]) < len(GRPC_CODES):
        number = int(text)
    if number < 0:
        raise refusal(choose("status of gRPC", text, GRPC_CODES))
    if number == 0:
        raise refusal("OK is the status of a call that was not rejected: write another one")
    return number


def _json(text: str) -> str | None:
    try:
        json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return f"{text[:40]!r} is no JSON: write 'null', '\"text\"' or '{{\"items\": []}}'"
    return body_text(text)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


class AdditionalHeader(Spec):
    """One header of the answer."""

    key: Annotated[Token, checked(server_sets)] = Field(description="Name of the header.")
    value: Annotated[MatchText, checked(header_value)] = Field(description="Its value.")


class BehaviorDesc(Spec):
    """The answer."""

    status: Annotated[int, Field(ge=200, le=599)] | None = Field(
        default=None,
        alias="responseStatusCode",
        description="Status code, 200 to 599. 302 for Redirect and 429 for QueueMessage if left "
        "out.",
    )
    body: Annotated[str, checked(body_text)] | None = Field(
        default=None,
        alias="responseContentBody",
        description="Text of the body. In that of QueueMessage {retryAfter} stands for the "
        "seconds after which there may be room.",
    )
    headers: Annotated[tuple[AdditionalHeader, ...], Field(strict=False)] = Field(
        default=(),
        alias="responseAdditionalHeaders",
        max_length=64,
        description="Headers beside those of the server. Content-Type is text/plain if none is "
        "given here.",
    )
    redirect_url: Annotated[str, checked(place)] | None = Field(
        default=None,
        alias="redirectUrl",
        description="Where to go instead: for Redirect. Our extension.",
    )
    grpc_status: Annotated[int, BeforeValidator(_grpc), WithJsonSchema(INT_OR_STRING)] | None = (
        Field(
            default=None,
            alias="grpcStatus",
            description="Status of gRPC, as UNAVAILABLE or 14; RESOURCE_EXHAUSTED if left out. Our "
            "extension.",
        )
    )
    grpc_message: Annotated[str, checked(body_text)] | None = Field(
        default=None,
        alias="grpcMessage",
        description="Message of gRPC; responseContentBody if left out. Our extension.",
    )
    value: Annotated[str, checked(_json)] | None = Field(
        default=None,
        description="What a guarded function returns instead of raising fairlead.Rejected, as "
        "text of JSON: 'null', '{\"items\": []}'. Our extension.",
    )


class HttpRequestFallbackActionSpec(Spec):
    """Answer rejected requests with this response."""

    behavior: Literal["ReturnProvidedResponse", "Redirect", "QueueMessage"] = Field(
        description="ReturnProvidedResponse; Redirect to another place; or QueueMessage, which "
        "says when to try again. The last two are our extensions."
    )
    response: BehaviorDesc = Field(alias="behaviorDesc", description="The response.")


def answer_violations(raw: Plain, loc: Loc) -> Iterator[Violation]:
    """Check that the answer at `loc` has what its behavior needs, and nothing of another's."""
    answer, at = child(raw, "behaviorDesc"), (*loc, "behaviorDesc")
    behavior, status = raw.get("behavior"), answer.get("responseStatusCode")
    # RFC 9110 §6.4.1: these have no body.
    if status in (204, 205, 304) and answer.get("responseContentBody"):
        message = f"a response {status} has no body: remove it"
        yield Violation(loc=(*at, "responseContentBody"), message=message)
    if behavior == REDIRECT:
        yield from _redirect_violations(answer, at)
    elif behavior in (PROVIDED, QUEUE) and answer.get("redirectUrl") is not None:
        message = f"is for behavior {REDIRECT}: remove it"
        yield Violation(loc=(*at, "redirectUrl"), message=message)
    if behavior == PROVIDED and status is None and not _OTHERS & answer.keys():
        yield Violation(loc=(*at, "responseStatusCode"), message="required")
    headers = answer.get("responseAdditionalHeaders")
    if behavior == QUEUE and isinstance(headers, list):
        for position, one in enumerate(headers):
            if str(child(one).get("key")).lower() == "retry-after":
                message = f"{QUEUE} says when there may be room: remove it"
                place = (*at, "responseAdditionalHeaders", position, "key")
                yield Violation(loc=place, message=message)


def _redirect_violations(answer: Plain, at: Loc) -> Iterator[Violation]:
    if answer.get("redirectUrl") is None:
        yield Violation(loc=(*at, "redirectUrl"), message="required: where to go instead")
    status = answer.get("responseStatusCode")
    if type(status) is int and status not in REDIRECTS:
        message = f"{status} leads nowhere: write one of {', '.join(map(str, REDIRECTS))}"
        yield Violation(loc=(*at, "responseStatusCode"), message=message)


def violations(plain: Plain) -> Iterator[Violation]:
    """Check the answer of an object."""
    yield from answer_violations(child(plain, "spec"), ("spec",))


def _shown(plain: Plain, now: datetime) -> str:
    del now
    answer = child(plain, "spec", "behaviorDesc")
    if (where := answer.get("redirectUrl")) is not None:
        return f"{answer.get('responseStatusCode', 302)} {str(where)[:37]}"
    body = " ".join(str(answer.get("responseContentBody") or "").split())
    short = f"{body[:37]}{'...' if len(body) > 37 else ''}"
    return f"{answer.get('responseStatusCode', 429)} {short}".strip()


KIND: Kind[HttpRequestFallbackActionSpec] = Kind(
    group="fault-tolerance.opensergo.io",
    version="v1alpha1",
    kind="HttpRequestFallbackAction",
    plural="httprequestfallbackactions",
    singular="httprequestfallbackaction",
    short_names=("hrfa",),
    spec=HttpRequestFallbackActionSpec,
    rules=(violations,),
    columns=(
        NAME,
        Column(name="Response", description="Status and body.", cell=_shown),
        LIVE,
        AGE,
    ),
)


def HttpRequestFallbackAction(  # noqa: N802, PLR0913 - reads as the kind it makes, field by field
    *,
    name: str,
    namespace: str = DEFAULT_NAMESPACE,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    behavior: str = PROVIDED,
    status: int | None = None,
    body: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
    redirect_url: str | None = None,
    grpc_status: int | str | None = None,
    grpc_message: str | None = None,
    value: str | None = None,
) -> Resource[HttpRequestFallbackActionSpec]:
    """Return the action, equal to the same one from YAML. Raises InvalidResource.

    `value` is JSON of what guarded functions return.
    """
    metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations}
    answer = {
        "responseStatusCode": status,
        "responseContentBody": body,
        "responseAdditionalHeaders": [{"key": key, "value": text} for key, text in headers],
        "redirectUrl": redirect_url,
        "grpcStatus": grpc_status,
        "grpcMessage": grpc_message,
        "value": value,
    }
    return authored(KIND, metadata, {"behavior": behavior, "behaviorDesc": answer})
