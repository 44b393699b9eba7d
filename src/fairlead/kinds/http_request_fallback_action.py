"""HttpRequestFallbackAction: what a rejected HTTP request is answered. OpenSergo, 2022."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from fairlead.kinds.admission import authored
from fairlead.kinds.kind import AGE, LIVE, NAME, Column, Kind, Plain, Resource, child
from fairlead.kinds.names import encodable
from fairlead.kinds.spec import MatchText, Spec, Token, checked
from fairlead.kinds.violation import Violation
from fairlead.policy.workload import DEFAULT_NAMESPACE

LARGEST_BODY = 64 * 1024
"""Bytes of a body: it is in the snapshot of every instance of the app."""

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


class AdditionalHeader(Spec):
    """One header of the answer."""

    key: Annotated[Token, checked(server_sets)] = Field(description="Name of the header.")
    value: Annotated[MatchText, checked(header_value)] = Field(description="Its value.")


class BehaviorDesc(Spec):
    """The answer."""

    status: Annotated[int, Field(ge=200, le=599)] = Field(
        alias="responseStatusCode", description="Status code, 200 to 599."
    )
    body: Annotated[str, checked(body_text)] = Field(
        default="", alias="responseContentBody", description="Text of the body."
    )
    headers: Annotated[tuple[AdditionalHeader, ...], Field(strict=False)] = Field(
        default=(),
        alias="responseAdditionalHeaders",
        max_length=64,
        description="Headers beside those of the server. Content-Type is text/plain if none is "
        "given here.",
    )


class HttpRequestFallbackActionSpec(Spec):
    """Answer rejected requests with this response."""

    behavior: Literal["ReturnProvidedResponse"] = Field(description="ReturnProvidedResponse.")
    response: BehaviorDesc = Field(alias="behaviorDesc", description="The response.")


def violations(plain: Plain) -> Iterator[Violation]:
    """Check that a body is not given to a status that has none (RFC 9110 §6.4.1)."""
    answer = child(plain, "spec", "behaviorDesc")
    if answer.get("responseStatusCode") in (204, 205, 304) and answer.get("responseContentBody"):
        message = f"a response {answer['responseStatusCode']} has no body: remove it"
        yield Violation(loc=("spec", "behaviorDesc", "responseContentBody"), message=message)


def _shown(plain: Plain, now: datetime) -> str:
    del now
    answer = child(plain, "spec", "behaviorDesc")
    body = " ".join(str(answer.get("responseContentBody") or "").split())
    return f"{answer.get('responseStatusCode')} {body[:37]}{'...' if len(body) > 37 else ''}"


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
    status: int,
    body: str = "",
    headers: Sequence[tuple[str, str]] = (),
) -> Resource[HttpRequestFallbackActionSpec]:
    """Return the action, equal to the same one from YAML. Raises InvalidResource."""
    metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations}
    answer = {
        "responseStatusCode": status,
        "responseContentBody": body,
        "responseAdditionalHeaders": [{"key": key, "value": value} for key, value in headers],
    }
    return authored(KIND, metadata, {"behavior": "ReturnProvidedResponse", "behaviorDesc": answer})
