"""``fairlead edit``: an object in an editor. What was typed is never lost.

Whatever is refused, by the checks here or by the control plane, opens again with the reasons as
comments above the text. Who gives up, or whose control plane is away, is told the file that has it.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fairlead.cli import command, terminal
from fairlead.cli.apply import ATTEMPTS, CONFLICT, Prepared, sent
from fairlead.cli.command import DEFAULT_SERVER, Namespace, Server
from fairlead.cli.control_plane import ControlPlane, Refused
from fairlead.cli.failure import ENVIRONMENT, REFUSED, Failed
from fairlead.cli.objects import Named, Words, authored, fetched, single
from fairlead.kinds import KINDS, InvalidResource, Resource, Violation, load_documents
from fairlead.kinds.document.writer import write_yaml

_ABOVE = (
    "Lines that begin with # above the object are left out. An empty file cancels the edit.",
    "A refusal opens this file again, with the reasons here.",
)
Open = Callable[[Path], None]


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead edit``."""
    return command.run("edit", arguments, COMMANDS)


@command.examples(
    "EDITOR=nano fairlead edit tlane gray",
)
def edit(*, words: Words, namespace: Namespace = None, server: Server = DEFAULT_SERVER) -> None:
    """Change an object in VISUAL or EDITOR; what is refused opens again, with the reasons."""
    one, control = single(words, namespace, KINDS), ControlPlane(server)
    print(Edit(control, one).run())


class Edit:
    """One object being edited."""

    def __init__(self, control: ControlPlane, one: Named, open_: Open | None = None) -> None:
        """Edit `one`; `open_` is told the file to open, the user's editor if left out."""
        self._control, self._one, self._open = control, one, open_ or _editor
        self._live = fetched(control, one)
        self._original = write_yaml(authored(self._live))
        directory = Path(tempfile.mkdtemp(prefix="fairlead-edit-"))
        self._file = directory / f"{one.name}.yaml"

    def run(self) -> str:
        """Return what came of it. Raises Failed, which names the file that has the text."""
        text, refused = self._original, ""
        reasons: list[str] = []
        while True:
            typed = self._typed(text, reasons)
            if not typed.strip() or typed == self._original:
                return self._dropped()
            if typed == refused:
                raise self._kept("the text is as it was refused", REFUSED, reasons)
            text = typed
            try:
                return self._saved(typed)
            except InvalidResource as error:
                # The line is one of the text, which stands below the reasons.
                reasons = [str(replace(one, line=0)) for one in error.violations]
            except Refused as error:
                reasons = [str(error)]
                if error.code == CONFLICT:
                    reasons = self._overtaken()
                    continue
            except Failed as failure:
                raise self._kept(str(failure), failure.status) from failure
            refused = typed

    def _typed(self, text: str, reasons: Iterable[str]) -> str:
        """Return the text as it is after the editor, without the comments above it."""
        above = [*reasons, *_ABOVE] if reasons else list(_ABOVE)
        comments = "".join(f"# {line}\n" for one in above for line in one.splitlines())
        self._file.write_text(f"{comments}#\n{text}", "utf-8")
        try:
            self._open(self._file)
            lines = self._file.read_text("utf-8").splitlines(keepends=True)
        except UnicodeDecodeError as error:
            raise self._kept("the text is not UTF-8", REFUSED) from error
        except OSError as error:
            raise self._kept(f"{error}", ENVIRONMENT) from error
        while lines and (lines[0].startswith("#") or not lines[0].strip()):
            del lines[0]
        return "".join(lines)

    def _saved(self, typed: str) -> str:
        resource = self._resource(typed)
        own = authored(resource.plain)
        own["metadata"] = {**own["metadata"], "namespace": resource.namespace}
        if own == authored(self._live):
            return self._dropped()
        self._send(resource, own)
        self._forget()
        return f"{self._one.label} edited"

    def _send(self, resource: Resource[Any], own: dict[str, Any]) -> None:
        """Send the edited object. Raises Refused, for a conflict only where somebody wrote."""
        for attempt in range(ATTEMPTS):
            revision = self._live["metadata"]["resourceVersion"]
            body = {**own, "metadata": {**own["metadata"], "resourceVersion": revision}}
            try:
                sent(self._control, Prepared(resource=resource, live=self._live, body=body))
                return
            except Refused as error:
                if error.code != CONFLICT:
                    raise
                known, self._live = authored(self._live), fetched(self._control, self._one)
                # A new status makes a new revision too, and changes nothing of what was edited.
                if known != authored(self._live) or attempt == ATTEMPTS - 1:
                    raise

    def _resource(self, typed: str) -> Resource[Any]:
        resources = load_documents(typed, namespace=self._one.namespace)
        if len(resources) != 1:
            message = f"the text has {len(resources)} objects, and one is edited"
            raise InvalidResource([Violation(message=message)])
        (resource,) = resources
        edited = Named(resource.kind, resource.namespace, resource.name)
        if edited != self._one:
            message = f"{resource} is another object than the one that is edited"
            raise InvalidResource([Violation(message=message)])
        return resource

    def _overtaken(self) -> list[str]:
        """Show what is there now, which is the ground of the next try."""
        now = write_yaml(authored(self._live)).splitlines()
        return [
            "Somebody else changed the object meanwhile. Saving overwrites what is there now:",
            *(f"    {line}" for line in now),
        ]

    def _dropped(self) -> str:
        self._forget()
        return "Edit cancelled, no changes made."

    def _forget(self) -> None:
        shutil.rmtree(self._file.parent, ignore_errors=True)

    def _kept(self, why: str, status: int, reasons: Sequence[str] = ()) -> Failed:
        told = why.removeprefix("fairlead: ")
        return Failed([*reasons, f"fairlead: {told}; what you typed is in {self._file}"], status)


def _editor(path: Path) -> None:
    words = terminal.editor()
    try:
        status = subprocess.run([*words, str(path)], check=False).returncode
    except OSError as error:
        raise OSError(f"editor {words[0]}: {error.strerror}; set EDITOR") from error
    if status:
        raise OSError(f"editor {words[0]} ended with status {status}")


COMMANDS: command.Commands = {"edit": edit}
