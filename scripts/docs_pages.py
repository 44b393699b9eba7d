"""Pages of the site that are written nowhere: taken from the code, or from beside docs/.

A hook of mkdocs. What is taken from the code is told by `reference.py`, in the project's own
environment, because mkdocs runs in another one.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent

BESIDE = {"architecture.md": "ARCHITECTURE.md", "security.md": "SECURITY.md"}
"""Pages that stand at the root of the repository, where people look for them."""

_BESIDE_DOCS = re.compile(r"\]\(\.\./((?:\.\./)?)(examples|tests|changes|src|deploy)/")
SOURCE = "https://github.com/fairlead/fairlead/blob/main/"


def on_files(files: Files, config: Any) -> Files:
    """Add the pages."""
    told = subprocess.run(
        [ROOT / ".venv/bin/python", ROOT / "scripts/reference.py"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    pages = json.loads(told.stdout)
    for page, source in BESIDE.items():
        pages[page] = (ROOT / source).read_text()
    pages["adr/index.md"] = _decisions()
    for path, text in pages.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Turn links that hold in the repository into ones that hold on the site."""
    source = page.file.src_uri
    if source in BESIDE:
        markdown = markdown.replace("](docs/adr)", "](adr/index.md)").replace("](docs/", "](")
        markdown = re.sub(r"\]\(CONTRIBUTING\.md", f"]({SOURCE}CONTRIBUTING.md", markdown)
    return _BESIDE_DOCS.sub(_repository, markdown)


def _decisions() -> str:
    lines = ["# Decisions", "", "Choices that others may question, with what else there was.", ""]
    for path in sorted((ROOT / "docs/adr").glob("[0-9]*.md")):
        title = path.read_text().partition("\n")[0].removeprefix("# ")
        lines.append(f"- [{title}]({path.name})")
    return "\n".join(lines) + "\n"


def _repository(found: re.Match[str]) -> str:
    return f"]({SOURCE}{found[2]}/"
