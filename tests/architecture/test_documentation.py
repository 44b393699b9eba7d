"""The documentation is a whole: every page is found, and what it has people type can be checked."""

from __future__ import annotations

import re

import yaml

from scripts.docs_check import Command, File, matches, steps
from tests.architecture.tree import ROOT

DOCS = ROOT / "docs"

PAGE = """
```python title="app.py"
print("hello")
```

```console
$ python app.py
hello
$ env A=1 \\
> python app.py
hell…
```

```sh
rm -rf /
```
"""


def test_every_page_is_found_by_the_navigation():
    """A page that nobody is led to is read by nobody."""
    plain = (ROOT / "mkdocs.yml").read_text("utf-8")
    led = set(re.findall(r": (\S+\.md)$", plain, re.MULTILINE))
    pages = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")}

    assert yaml.safe_load(plain)["strict"] is True
    assert {page for page in pages - led if not page.startswith("adr/")} == set()


def test_a_page_is_files_and_commands():
    """What is no console is only read: it may install, or never end."""
    assert list(steps(PAGE)) == [
        File("app.py", 'print("hello")\n'),
        Command("python app.py", ("hello",), 7),
        Command("env A=1 \\\npython app.py", ("hell…",), 9),
    ]


def test_an_answer_is_what_is_shown():
    """An ellipsis is the only freedom a page takes, but for the width of columns."""
    assert matches(["a  b", "…", "z"], ["a      b", "1", "2", "z"])
    assert matches(["age … s"], ["age 12 s"])
    assert not matches(["a"], ["a", "b"])
    assert not matches(["a", "b"], ["a"])
    assert not matches(["ab"], ["a b"])
