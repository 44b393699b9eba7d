"""What would be hooked, told without importing it."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

from fairlead.instruments.catalog import CATALOG
from fairlead.instruments.instrument import State
from fairlead.instruments.survey import known, survey


def test_every_instrument_is_read_as_it_declares_itself():
    """The survey reads text; what it reads has to be what the instrument says when imported."""
    names = dict.fromkeys(name for _, name in CATALOG)
    for one, name in zip(known(), names, strict=True):
        module = import_module(f"fairlead.instruments.libs.{name}")
        assert (one.library, one.versions) == (module.LIBRARY, module.VERSIONS)


def test_what_is_installed_would_be_hooked_unless_it_is_disabled():
    """The question before the first start: will my libraries be seen?"""
    found = {hook.library: hook for hook in survey(("HTTPX",))}
    assert found["requests"].state is State.HOOKED
    assert (found["httpx"].state, found["httpx"].reason) == (
        State.SKIPPED,
        "disabled by FAIRLEAD_DISABLE",
    )


def test_nothing_is_imported_for_it():
    """A look must not open a database, or patch an event loop."""
    code = (
        "import sys\nfrom fairlead.instruments.survey import survey\nlist(survey())\n"
        "print(*sorted({'httpx', 'gevent', 'django', 'psycopg'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == ""
