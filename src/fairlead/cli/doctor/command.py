"""`fairlead doctor`: is everything well here, in a process, or in an app; and if not, what to do.

It asks and changes nothing (contract 21). Without a name it looks at this environment and at every
process of this user on the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from fairlead.agent.inspect import ask
from fairlead.agent.locate import Candidate, candidates, others
from fairlead.agent.settings import InvalidSetting, Settings
from fairlead.cli.doctor import application, environment, process, program
from fairlead.cli.doctor.asking import Unanswered
from fairlead.cli.doctor.diagnosis import Answer, Problem, notes, problems
from fairlead.cli.table import tabled

WELL, WRONG, USAGE, UNANSWERED = 0, 1, 2, 3

_EPILOG = (
    "Exit status: 0 all is well, 1 something is wrong, 2 wrong usage, 3 the control plane"
    " does not answer for the app that was asked about."
)


def main(argv: Sequence[str]) -> int:
    """Say what there is to say; return the exit status."""
    parser = options_parser()
    options = parser.parse_args(argv)
    app, pid = _subject(parser, options)
    environ = dict(os.environ)
    chosen = {"FAIRLEAD_CONTROL": options.server, "FAIRLEAD_NAMESPACE": options.namespace}
    environ |= {name: value for name, value in chosen.items() if value}
    try:
        settings = Settings.from_env(environ)
    except InvalidSetting as error:
        print(f"fairlead: {error}", file=sys.stderr)
        return USAGE
    as_json = options.output == "json"
    if app:
        return _show_app(settings, app, as_json=as_json)
    found = candidates(settings)
    if pid is not None:
        return _show_one(pid, found, as_json=as_json)
    return _show_all(environment.examined(settings, environ), found, as_json=as_json)


def options_parser() -> argparse.ArgumentParser:
    """Return what reads the options."""
    parser = argparse.ArgumentParser(
        prog="fairlead doctor",
        description="Say what is hooked and enforced, what is wrong with it, and what to do.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "subject",
        nargs="?",
        metavar="PID|app/NAME",
        help="one process of this machine, or an app on any; without it, all that is here",
    )
    parser.add_argument("--app", metavar="NAME", help="the same as app/NAME")
    parser.add_argument("-n", "--namespace", help="namespace of the app [FAIRLEAD_NAMESPACE]")
    parser.add_argument("--server", metavar="URL", help="the control plane [FAIRLEAD_CONTROL]")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    return parser


def _subject(
    parser: argparse.ArgumentParser, options: argparse.Namespace
) -> tuple[str, int | None]:
    """Return the app and the pid that are asked about."""
    subject: str = options.subject or ""
    if options.app is not None and subject:
        parser.error("name a process or an app, not both")
    if options.app is not None or subject.startswith("app/"):
        app: str = subject.removeprefix("app/") if options.app is None else options.app
        if not app:
            parser.error("an app has a name: app/NAME")
        return app, None
    if subject and not subject.isdecimal():
        parser.error(f"{subject!r} is no process; an app is named app/{subject}")
    return "", int(subject) if subject else None


def _show_app(settings: Settings, app: str, *, as_json: bool) -> int:
    try:
        answer = application.asked(settings, app, settings.namespace)
    except Unanswered as error:
        print(f"fairlead: {settings.control}: {error}", file=sys.stderr)
        print("    → start it (fairlead serve), or name it with --server", file=sys.stderr)
        return UNANSWERED
    nodes = answer["processes"]
    wrong = [(node, list(application.problems_of(node))) for node in nodes]
    whole, said = list(application.problems(answer)), list(application.notes(answer))
    if as_json:
        shown = [
            {**node, "problems": _plain(found), "notes": _plain(application.notes_of(node))}
            for node, found in wrong
        ]
        _print_json(
            {**answer, "processes": shown, "problems": _plain(whole), "notes": _plain(said)}
        )
    else:
        print("\n".join(application.worded(answer)))
        _print_told(said, "note: ")
        _print_told(whole, "! ")
        for node, found in wrong:
            name = application.name_of(node)
            _print_told(application.notes_of(node), f"note: {name}: ")
            _print_told(found, f"! {name}: ")
    return WRONG if whole or any(found for _, found in wrong) else WELL


def _show_one(pid: int, found: list[Candidate], *, as_json: bool) -> int:
    candidate = next((one for one in found if one.pid == pid), None)
    answer = program.examined(pid) if candidate is None else _ask(candidate)
    if answer is None:
        print(f"fairlead: process {pid} has no agent; start it with fairlead run", file=sys.stderr)
        return WRONG
    wrong = process.wrong_alone(answer)
    if as_json:
        _print_json(_whole(answer, wrong))
    else:
        print("\n".join(process.worded(answer)))
    return WRONG if wrong else WELL


def _show_all(here: Answer, found: list[Candidate], *, as_json: bool) -> int:
    answers = [*map(_ask, found), *program.switched_off(others(found))]
    around = list(environment.problems(here))
    if as_json:
        _print_json(
            {
                "environment": {**here, "problems": _plain(around)},
                "processes": [_whole(answer, problems(answer)) for answer in answers],
            }
        )
    else:
        print("\n".join((*environment.worded(here), *process.told(around, "! "), "")))
        _print_processes(answers)
    return WRONG if around or any(problems(answer) for answer in answers) else WELL


def _print_processes(answers: list[Answer]) -> None:
    if not answers:
        print("no process of this user has an agent; start one with: fairlead run -- CMD")
        return
    print("\n".join(tabled([process.COLUMNS, *map(process.row, answers)])))
    for answer in answers:
        _print_told(notes(answer), f"note: {answer['pid']}: ")
        _print_told(problems(answer), f"! {answer['pid']}: ")


def _ask(candidate: Candidate) -> Answer:
    return {**_answer(candidate), "doubts": list(candidate.doubts)}


def _answer(candidate: Candidate) -> Answer:
    if candidate.socket is None and candidate.fault:
        silent = f"switched off: {candidate.fault}"
        return {"pid": candidate.pid, "state": "off", "silent": silent}
    if candidate.socket is None:
        silent = "nothing has needed its agent yet (the parent of a server's workers never does)"
        return {"pid": candidate.pid, "state": "idle", "silent": silent}
    try:
        return ask(candidate.socket)
    except (OSError, ValueError) as error:
        silent = f"does not answer at {candidate.socket}: {error}"
        return {"pid": candidate.pid, "state": "silent", "silent": silent}


def _whole(answer: Answer, wrong: Iterable[Problem]) -> Answer:
    return {**answer, "problems": _plain(wrong), "notes": _plain(notes(answer))}


def _plain(found: Iterable[Problem]) -> list[dict[str, str]]:
    return [asdict(one) for one in found]


def _print_told(found: Iterable[Problem], mark: str) -> None:
    for line in process.told(list(found), mark):
        print(line)


def _print_json(answer: Any) -> None:
    print(json.dumps(answer, indent=2))
