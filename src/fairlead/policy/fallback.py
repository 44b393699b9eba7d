"""What a rejected call is answered, complete but for what the server or the library adds."""

from __future__ import annotations

from dataclasses import dataclass

RESOURCE_EXHAUSTED = 8
"""Status of gRPC for what a limit rejects (google.rpc.Code)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """One answer in the forms that HTTP, gRPC and a function of the application can be given.

    A redirect is a `status` of 3xx with a header ``Location``.
    """

    status: int = 429
    headers: tuple[tuple[str, str], ...] = (("Retry-After", "1"),)
    body: str | None = None
    """None says which resource rejected (contract 23)."""
    queue: bool = False
    """Whether ``{retryAfter}`` in the body and the header Retry-After say, in whole seconds, when
    there may be room."""
    value: str | None = None
    """JSON of what a guarded function returns instead; None raises."""
    grpc_status: int = RESOURCE_EXHAUSTED
    grpc_message: str | None = None
    """None is `body`."""

    def can_be_sent(self) -> bool:
        """Tell whether no header begins another one, and all of it has bytes."""
        lines = [text for header in self.headers for text in header]
        try:
            "".join(lines).encode("latin-1")
            (self.body or "").encode()
            (self.grpc_message or "").encode()
        except UnicodeEncodeError:
            return False
        return not any(break_ in line for line in lines for break_ in "\r\n\0")
