"""Which form of a file decides: compiled, where this Python has it, or the same file interpreted.

Both are modules with the same names. Who builds what is in them is handed one of them, so that a
process, a test or a benchmark may have both; nobody else tells them apart.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from importlib import import_module
from types import ModuleType
from typing import Final

from fairlead.flow import gate, seat, shared

FREE_THREADED: Final = "t" in sys.abiflags
"""Without the interpreter's lock nothing would hold the compiled form's test and take together."""


def compiled(interpreted: ModuleType = gate) -> ModuleType | str:
    """Return the compiled form of a module, or why this process cannot have it."""
    if FREE_THREADED:
        return "free-threaded Python"
    package, _, name = interpreted.__name__.rpartition(".")
    try:
        form = import_module(f"{package}._{name}")
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError)
        return "not built for this Python" if missing else f"cannot be loaded: {error}"
    source = _source(interpreted)
    fresh = not source or source == getattr(form, "BUILT_FROM", None)
    return form if fresh else "built from another source; build it anew: make venv"


def _source(module: ModuleType) -> str:
    """Return what names the source in use, which in a checkout moves on; "" where there is none."""
    loader, path = module.__loader__, module.__file__
    try:
        source = loader.get_data(path)  # type: ignore[union-attr]
    except (AttributeError, OSError):
        return ""
    return sha256(source).hexdigest()


def chosen(interpreted: ModuleType = gate, *, pure: bool = False) -> tuple[ModuleType, str]:
    """Return the form to be used, and why it is the interpreted one; "" for the compiled.

    `pure` is the operator's wish for the interpreted form (FAIRLEAD_PURE).
    """
    form = "FAIRLEAD_PURE" if pure else compiled(interpreted)
    return (interpreted, form) if isinstance(form, str) else (form, "")


def pooled(form: ModuleType) -> tuple[tuple[ModuleType, ...], str]:
    """Return what makes seats and cells for gates of this form, and why nothing does, or ``""``."""
    if form is gate:
        return (seat, shared), ""
    found = [compiled(module) for module in (seat, shared)]
    why = next((one for one in found if isinstance(one, str)), "")
    return tuple(one for one in found if isinstance(one, ModuleType)), why
