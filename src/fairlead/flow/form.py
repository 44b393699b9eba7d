"""Which form of the gate decides: compiled, where this Python has it, or the same file interpreted.

Both are modules with the same names. Who builds gates is handed one of them, so that a process, a
test or a benchmark may have both; nobody else tells them apart.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from importlib import import_module
from types import ModuleType
from typing import Final

from fairlead.flow import gate as interpreted

FREE_THREADED: Final = "t" in sys.abiflags
"""Without the interpreter's lock nothing would hold the compiled form's test and take together."""


def compiled() -> ModuleType | str:
    """Return the compiled form, or why this process cannot have it."""
    if FREE_THREADED:
        return "free-threaded Python"
    try:
        form = import_module("fairlead.flow._gate")
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError)
        return "not built for this Python" if missing else f"cannot be loaded: {error}"
    source = _source()
    fresh = not source or source == getattr(form, "BUILT_FROM", None)
    return form if fresh else "built from another source; build it anew: make venv"


def _source() -> str:
    """Return what names the source in use, which in a checkout moves on; "" where there is none."""
    loader, path = interpreted.__loader__, interpreted.__file__
    try:
        source = loader.get_data(path)  # type: ignore[union-attr]
    except (AttributeError, OSError):
        return ""
    return sha256(source).hexdigest()


def chosen(*, pure: bool = False) -> tuple[ModuleType, str]:
    """Return the form to be used, and why it is the interpreted one; "" for the compiled.

    `pure` is the operator's wish for the interpreted form (FAIRLEAD_PURE).
    """
    form = "FAIRLEAD_PURE" if pure else compiled()
    return (interpreted, form) if isinstance(form, str) else (form, "")
