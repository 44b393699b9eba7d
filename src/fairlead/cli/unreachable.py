"""Why nobody answers, or answers with no: in one line, with what to do about it."""

from __future__ import annotations

import ssl
from http.client import BadStatusLine
from socket import gaierror

_NAME = "or name the control plane with --server or FAIRLEAD_CONTROL"
_START = f"start one with `fairlead serve --data-dir DIR`, {_NAME}"
_FILE = "with --token-file or FAIRLEAD_TOKEN_FILE"

# X509_V_ERR_* of OpenSSL.
_NOT_YET, _EXPIRED, _OTHER_NAME, _OTHER_ADDRESS = 9, 10, 62, 64


def reason_of(url: str, error: Exception) -> str:
    """Return why there was no answer of `url`, and the remedy."""
    why = getattr(error, "reason", None) or error
    if isinstance(why, ssl.SSLCertVerificationError):
        return f"the certificate of {url} is refused ({why.verify_message}): {_of(why)}"
    secure = url.startswith("https:")
    if isinstance(why, ssl.SSLError) and why.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST"):
        other = url.replace("https:", "http:", 1)
        return f"what answers at {url} does not speak TLS: write --server {other}"
    if isinstance(why, ConnectionResetError | BadStatusLine) and not secure:
        other = url.replace("http:", "https:", 1)
        return f"what is at {url} hangs up: where it speaks TLS, write --server {other}"
    if isinstance(why, TimeoutError):
        return f"{url} does not answer in time: look whether it is busy or stopped, {_NAME}"
    if isinstance(why, gaierror):
        return f"no host is known by the name in {url} ({why.strerror}): name it with --server"
    text = getattr(why, "strerror", None) or why
    return f"no control plane at {url} ({text}): {_START}"


def _of(why: ssl.SSLCertVerificationError) -> str:
    """Return what to do about a certificate."""
    if why.verify_code in (_OTHER_NAME, _OTHER_ADDRESS):
        return "call it by a name that stands in it, with --server"
    if why.verify_code in (_NOT_YET, _EXPIRED):
        return "look at this machine's clock, or start the control plane with a valid one"
    return "name the file of its authority with --ca-file or FAIRLEAD_CA_FILE"


def unknown_caller(token_file: str) -> str:
    """Return what to do where the control plane does not know who asks."""
    if token_file:
        return f"it is from {token_file}: name a file that holds another {_FILE}"
    return (
        f"name a file that holds one {_FILE}; `fairlead token create --data-dir DIR` makes one "
        "where the control plane has its data"
    )
