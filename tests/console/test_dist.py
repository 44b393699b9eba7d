"""What is served is what the sources say, and is no more than a first visit should cost."""

from __future__ import annotations

import json
import re

from tests.architecture.tree import ROOT
from tests.console.dist import DIST, SOURCES, closure, digest_of_sources, manifest, size

FIRST_LOAD = 200 * 1000
"""Bytes of script, compressed, that the first page may cost."""


def test_the_built_console_is_made_of_the_sources_beside_it():
    """Whoever changes a page and forgets `make console` ships the page as it was."""
    assert (DIST / "sources.sha256").read_text("utf-8").strip() == digest_of_sources()


def test_the_first_page_costs_at_most_two_hundred_kilobytes_of_script():
    """The overview with its chart: what somebody waits for who opens the console."""
    built = manifest()
    entry = next(name for name, one in built.items() if one.get("isEntry"))
    chart = next(name for name in built if name.endswith("parts/chart.tsx"))

    first = closure(entry, built) | closure(chart, built)

    assert sum(map(size, first)) <= FIRST_LOAD


def test_what_few_pages_need_is_loaded_with_them():
    """The graph and the editor are larger than everything else together."""
    built = manifest()
    entry = next(name for name, one in built.items() if one.get("isEntry"))
    late = {name for name, one in built.items() if one.get("isDynamicEntry")}

    assert {"src/pages/service/index.tsx", "src/parts/search.tsx", "src/parts/chart.tsx"} <= late
    assert not late & {entry}


def test_the_page_has_no_script_and_no_style_in_it():
    """The policy that it is sent with would refuse them."""
    page = (DIST / "index.html").read_text("utf-8")

    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\son\w+=|style=", page) == []


def test_nothing_makes_markup_of_text():
    """What an application calls itself is shown, letter by letter."""
    scripts = [path for path in (SOURCES / "src").rglob("*") if path.suffix in (".ts", ".tsx")]
    risky = re.compile(
        r"dangerouslySetInnerHTML|innerHTML|insertAdjacentHTML|document\.write|eval\("
    )

    assert [path.name for path in scripts if risky.search(path.read_text("utf-8"))] == []
    assert len(scripts) > 10


def test_no_secret_is_kept_where_scripts_can_read_it():
    """The session is a cookie; the one thing that is remembered is the namespace."""
    texts = [path.read_text("utf-8") for path in (SOURCES / "src").rglob("*.ts*")]
    keys = {
        key for text in texts for key in re.findall(r"(?:local|session)Storage\.\w+\((\w+)", text)
    }

    assert keys == {"LAST"}


def test_the_lock_of_npm_names_the_public_registry_or_none():
    """Where a package is fetched from is each machine's own affair."""
    lock = json.loads((SOURCES / "package-lock.json").read_text("utf-8"))
    places = {one["resolved"] for one in lock["packages"].values() if "resolved" in one}

    assert [one for one in places if not one.startswith("https://registry.npmjs.org/")] == []
    assert all("integrity" in one for name, one in lock["packages"].items() if name)


def test_every_package_of_npm_that_is_asked_for_has_a_reason():
    """docs/dependencies.md is read by whoever has to answer for them."""
    package = json.loads((SOURCES / "package.json").read_text("utf-8"))
    text = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    asked = [*package["dependencies"], *package["devDependencies"]]

    assert [name for name in asked if f"`{name}`" not in text] == []
    assert "codemirror" not in asked


def test_no_file_of_the_console_is_longer_than_four_hundred_lines():
    """The same law as for Python, for the same reason."""
    scripts = (path for path in (SOURCES / "src").rglob("*.ts*"))
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in scripts}

    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}
