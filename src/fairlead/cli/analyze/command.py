"""``fairlead analyze``: what is wrong with files, or with what a control plane holds.

Files are looked at by themselves; with ``--live`` as if they were applied, beside what is stored
and the instances that are there. Exit status 1 where there is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from fairlead.cli import command, sources
from fairlead.cli.analyze.findings import Found, sarif, worded
from fairlead.cli.command import DEFAULT_SERVER, AllNamespaces, Files, Namespace, Server
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.failure import REFUSED, USAGE, Failed
from fairlead.cli.printing import Whole, document
from fairlead.cli.progress import progress
from fairlead.cli.rules import load_rules
from fairlead.compiler.analyze import codes
from fairlead.compiler.analyze.analysis import analyzed
from fairlead.compiler.analyze.codes import Severity
from fairlead.control.namespace_kind import NAMESPACE
from fairlead.kinds import InvalidResource, Resource, Violation
from fairlead.kinds.loading import Origin, load_placed
from fairlead.kinds.violation import path_text
from fairlead.policy.workload import DEFAULT_NAMESPACE

PATH = "/fairlead/v1/analyze"

_Key = tuple[str, str, str]
"""Kind, namespace, name."""


class Output(StrEnum):
    """How findings are printed."""

    JSON = "json"
    YAML = "yaml"
    SARIF = "sarif"


class Fail(StrEnum):
    """What ends with 1."""

    ERROR = "error"
    WARNING = "warning"
    NEVER = "never"


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead analyze``."""
    return command.run("analyze", arguments, COMMANDS)


@command.examples(
    "fairlead analyze -f rules/",
    "fairlead analyze -f rules/ --live -o sarif",
    "fairlead analyze -A",
)
def analyze(  # noqa: PLR0913 - one parameter for each option
    *,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="FILE", help="Like -f.", show_default=False)
    ] = None,
    filename: Files = None,
    live: Annotated[
        bool, typer.Option("--live", help="With files: as if they were applied.")
    ] = False,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    fail_on: Annotated[
        Fail, typer.Option("--fail-on", help="From which severity on to end with 1.")
    ] = Fail.ERROR,
    output: Annotated[
        Output | None,
        typer.Option("--output", "-o", help="Form; text if left out.", show_default=False),
    ] = None,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Say what is wrong with files, or with what the control plane holds."""
    files = [*(filename or ()), *(names or ())]
    if files and all_namespaces:
        raise Failed("-A goes without files: they say their namespaces themselves", USAGE)
    if files:
        read = Read(files, namespace or DEFAULT_NAMESPACE)
        found = [*read.invalid, *(_of_server(server, read) if live else _of_files(read))]
    else:
        found = list(_held(server, None if all_namespaces else namespace or DEFAULT_NAMESPACE))
    found.sort(key=lambda one: list(Severity).index(one.severity))
    print(_text(found, output))
    if any(one.severity in _FAILING[fail_on] for one in found):
        raise typer.Exit(REFUSED)


_FAILING: Mapping[Fail, frozenset[Severity]] = {
    Fail.ERROR: frozenset({Severity.ERROR}),
    Fail.WARNING: frozenset({Severity.ERROR, Severity.WARNING}),
    Fail.NEVER: frozenset(),
}


def _text(found: Sequence[Found], output: Output | None) -> str:
    if output is None:
        return "\n".join(worded(found))
    plain = sarif(found) if output is Output.SARIF else {"findings": [one.plain() for one in found]}
    return document(plain, Whole.YAML if output is Output.YAML else Whole.JSON)


class Read:
    """Files as objects, each with its place, and what is invalid in them."""

    def __init__(self, files: Sequence[str], namespace: str) -> None:
        self.resources: list[Resource[Any]] = []
        self.origins: dict[_Key, tuple[str, Origin | None]] = {}
        self.invalid: list[Found] = []
        every = list(sources.each(files))
        with progress("reading", len(every)) as bar:
            for source in every:
                bar.note(source)
                for resource, origin in self._loaded(source, namespace):
                    self._add(resource, source, origin)
                bar.step()

    def _add(self, resource: Resource[Any], source: str, origin: Origin | None) -> None:
        key = (resource.kind.called, resource.namespace, resource.name)
        if key in self.origins:
            message = f"{resource} is written twice, first in {self.origins[key][0]}"
            self._refuse(Violation(message=message, source=source, line=_line(origin)))
            return
        self.origins[key] = source, origin
        self.resources.append(resource)

    def _loaded(self, source: str, namespace: str) -> Iterable[tuple[Resource[Any], Origin | None]]:
        text = sources.read(source)
        shown = "<stdin>" if source == sources.STDIN else source
        try:
            if source.endswith(".py"):
                return [(one, None) for one in load_rules(Path(source))]
            loaded, violations = load_placed(text, shown, namespace=namespace)
        except InvalidResource as error:
            loaded, violations = [], list(error.violations)
        for violation in violations:
            self._refuse(violation)
        return loaded

    def _refuse(self, violation: Violation) -> None:
        self.invalid.append(
            Found(
                code=(codes.SHADOW_NAME if _of_name(violation) else codes.INVALID).id,
                kind="",
                namespace="",
                name="",
                path=violation.path,
                message=violation.message,
                source=violation.source,
                line=violation.line,
            )
        )

    def placed(self, one: Mapping[str, Any], loc: Sequence[str | int]) -> Found:
        """Return a finding with the file and line of its object, where a file has it."""
        key = (one["kind"], one["namespace"], one["name"])
        source, origin = self.origins.get(key, ("", None))
        names = ("code", "kind", "namespace", "name", "path", "message")
        told = {name: str(one[name]) for name in names}
        return Found(**told, source=source, line=_line(origin, loc))


def _line(origin: Origin | None, loc: Sequence[str | int] = ()) -> int:
    return origin.line(tuple(loc)) if origin is not None else 0


def _of_name(violation: Violation) -> bool:
    """Say whether a shadow is not named after what it shadows."""
    at = violation.loc[-3:-1] == ("spec", "selector")
    return at and " must end in " in violation.message


def _of_files(read: Read) -> Iterator[Found]:
    for one in analyzed(read.resources):
        plain = {
            "code": one.code.id,
            "kind": one.kind,
            "namespace": one.namespace,
            "name": one.name,
            "path": path_text(one.loc),
            "message": one.message,
        }
        yield read.placed(plain, one.loc)


def _of_server(server: str, read: Read) -> Iterator[Found]:
    control = ControlPlane(server)
    for namespace in sorted({one.namespace for one in read.resources}):
        own = [one.plain for one in read.resources if one.namespace == namespace]
        for one in _asked(control, namespace, own):
            yield read.placed(one, one["loc"])


def _held(server: str, namespace: str | None) -> Iterator[Found]:
    control, nowhere = ControlPlane(server), Read([], DEFAULT_NAMESPACE)
    namespaces = [namespace] if namespace else _namespaces(control)
    with progress("analysing", len(namespaces)) as bar:
        for name in namespaces:
            bar.note(f"namespace {name}")
            yield from (nowhere.placed(one, ()) for one in _asked(control, name))
            bar.step()


def _asked(
    control: ControlPlane, namespace: str, objects: Sequence[Mapping[str, Any]] = ()
) -> list[Mapping[str, Any]]:
    body = {"namespace": namespace, "objects": list(objects)}
    found: list[Mapping[str, Any]] = control.call("POST", PATH, body)["findings"]
    return found


def _namespaces(control: ControlPlane) -> list[str]:
    items = control.call("GET", control.path(NAMESPACE, None))["items"]
    return [str(item["metadata"]["name"]) for item in items]


COMMANDS: command.Commands = {"analyze": analyze}
