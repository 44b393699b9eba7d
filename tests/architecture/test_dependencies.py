"""Dependencies are declared with a reason and locked with hashes; the lock names no index."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.tree import ROOT

REQUIREMENTS = ROOT / "requirements"
LOCKS = sorted(REQUIREMENTS.glob("*.lock"))


def listed(name: str) -> list[Requirement]:
    """Return the requirements in the file `name`."""
    lines = (REQUIREMENTS / name).read_text("utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def declared() -> list[Requirement]:
    """Return every requirement that somebody wrote down, from pyproject.toml and requirements/."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"]
    ours = [line for name, lines in extras.items() if name != "all" for line in lines]
    lines = map(Requirement, [*project["build-system"]["requires"], *ours])
    return [*lines, *(item for path in REQUIREMENTS.glob("*.in") for item in listed(path.name))]


def locked() -> dict[str, str]:
    """Return the locked versions by distribution."""
    text = "\n".join(lock.read_text("utf-8") for lock in LOCKS)
    return dict(re.findall(r"^([a-z0-9.-]+)==([^ ;\\]+)", text, re.MULTILINE))


def test_the_lock_satisfies_what_is_declared():
    """A lock that was not made anew installs something else than the project says: make lock."""
    versions = locked()
    unmet = [
        str(requirement)
        for requirement in declared()
        if not requirement.specifier.contains(
            versions.get(canonicalize_name(requirement.name), "0")
        )
    ]

    assert unmet == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_has_hashes_and_names_no_place(lock):
    """The hashes say what is installed; where it is fetched from is each machine's own affair."""
    text = lock.read_text("utf-8")
    pins = re.findall(r"^\S+==.*\n(?: .*\n)*", text, re.MULTILINE)

    assert [pin for pin in pins if "--hash=sha256:" not in pin] == []
    assert re.findall(r"https?:|--(?:extra-)?index|--find-links", text) == []


def test_every_dependency_has_a_reason():
    """docs/dependencies.md is read by whoever has to answer for them."""
    text = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    explained = {
        canonicalize_name(name) for name in re.findall(r"^\| `([^`]+)`", text, re.MULTILINE)
    }

    assert explained == {canonicalize_name(requirement.name) for requirement in declared()}
