"""docs/cli.md says what the command line does: every verb and option, and nothing else."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from fairlead.cli import failure
from fairlead.cli.command import _EXAMPLES, built, options_of
from fairlead.cli.main import VERBS, Verb
from fairlead.cli.naming import spelt_options

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "cli.md").read_text("utf-8")
ABOVE, *SECTIONS = re.split(r"^### ", TEXT, flags=re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
COMMON = {word for word in OPTION.findall(ABOVE) if word != "--check"} | {"--help"}


def sections() -> dict[str, str]:
    """Return the text about each verb."""
    found = {}
    for section in SECTIONS:
        head, _, text = section.partition("\n")
        found[head.strip("`").removeprefix("fairlead ")] = text
    return found


def options(verb: Verb) -> set[str]:
    """Return the long options that a verb takes."""
    module: Any = import_module(verb.module)
    if not hasattr(module, "COMMANDS"):
        return {o for o in spelt_options(module.options_parser().format_help()) if o[:2] == "--"}
    command = built(verb.name, module.COMMANDS)
    commands = getattr(command, "commands", None) or {verb.name: command}
    return {o for one in commands.values() for o in options_of(one) if o[:2] == "--"}


def test_there_is_a_section_for_each_verb_in_the_order_of_the_help():
    """Whoever looks a verb up finds it where the help has it."""
    assert sorted(sections()) == sorted(verb.name for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_each_option_is_in_the_section_of_its_verb_and_no_other(verb: Verb):
    """An option that is documented and gone is worse than one that is missing."""
    told = set(OPTION.findall(sections()[verb.name]))
    own = options(verb)
    assert own - COMMON - told == set()
    assert told - COMMON - own == set()


def test_every_exit_status_is_told_in_one_place():
    """Scripts branch on them."""
    statuses = {v for n, v in vars(failure).items() if n.isupper() and isinstance(v, int)}
    table = TEXT.partition("## Exit status")[2].partition("\n## ")[0]
    told = {
        int(n)
        for row in re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE)
        for n in row.split(",")
    }
    assert statuses <= told


def test_each_example_of_the_help_is_a_command_that_there_is():
    """They are what people copy first."""
    found = 0
    for verb in VERBS:
        module: Any = import_module(verb.module)
        for lines in (_EXAMPLES.get((f.__name__, f.__module__), ()) for f in functions(module)):
            for line in lines:
                found += 1
                command = re.split(r" \|\|? ", line)[-1 if line.startswith("kustomize") else 0]
                assert re.search(rf"\bfairlead {verb.name}\b", command), line
                assert set(OPTION.findall(command.partition(" -- ")[0])) <= options(verb), line
    assert found > 20


def functions(module: Any) -> list[Any]:
    """Return what a verb runs."""
    return list(getattr(module, "COMMANDS", {}).values())
