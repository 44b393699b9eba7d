"""What the verbs of the `control` extra have in common: options, and how typer runs them."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, TypeAlias, TypeVar

import typer
from typer.main import get_command

from fairlead.cli.failure import INTERRUPTED, OK, USAGE
from fairlead.cli.target import with_files
from fairlead.kinds.suggestion import meant

Namespace: TypeAlias = Annotated[
    str | None, typer.Option("--namespace", "-n", help="Namespace; `default` if left out.")
]
Server: TypeAlias = Annotated[
    str,
    typer.Option(
        "--server", envvar="FAIRLEAD_CONTROL", help="URL of the control plane.", show_default=True
    ),
]
AllNamespaces: TypeAlias = Annotated[
    bool, typer.Option("--all-namespaces", "-A", help="All namespaces.")
]
Files: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--filename",
        "-f",
        help="A YAML, JSON or Python file, a directory, or - for standard input. May repeat.",
        show_default=False,
    ),
]


Selector: TypeAlias = Annotated[
    str | None,
    typer.Option("--selector", "-l", help="Label selector: app=shop.", show_default=False),
]
Watch: TypeAlias = Annotated[
    bool, typer.Option("--watch", "-w", help="Look again each second, until interrupted.")
]


DEFAULT_SERVER = "http://127.0.0.1:8580"


Command = TypeVar("Command", bound=Callable[..., Any])
Commands: TypeAlias = Mapping[str, Callable[..., Any]]
"""What a verb can do, by the word that follows it; by its own name where it does one thing."""

_HELP = {"help_option_names": ["-h", "--help"]}


def built(verb: str, commands: Commands) -> Any:
    """Return a verb as the command of typer that reads its words."""
    app = typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=len(commands) > 1,
    )
    for name, command in commands.items():
        runs = _unread(with_files(command))
        app.command(name, context_settings=_HELP, epilog=_epilog(command))(runs)
    if verb not in commands:
        # With one command alone, typer would not ask for its name.
        app.callback(context_settings=_HELP)(_group)
    return get_command(app)


def examples(*lines: str) -> Callable[[Command], Command]:
    """Have the help of a command end with `lines`, which are command lines."""

    def remembered(command: Command) -> Command:
        _EXAMPLES[command.__name__, command.__module__] = lines
        return command

    return remembered


_EXAMPLES: dict[tuple[str, str], Sequence[str]] = {}


def _epilog(command: Callable[..., Any]) -> str | None:
    lines = _EXAMPLES.get((command.__name__, command.__module__))
    # \b is click's word for a paragraph that stays as it is.
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines))) if lines else None


def run(verb: str, arguments: Sequence[str], commands: Commands) -> int:
    """Run a verb's only command, or the one of its `commands` that `arguments` name."""
    words, name = [*kubectl(arguments)], f"fairlead {verb}"
    try:
        status = built(verb, commands).main(words, prog_name=name, standalone_mode=False)
    except SystemExit as end:
        return _status(end.code)
    except typer.Abort:
        return INTERRUPTED
    except _Unread as unread:
        raise BrokenPipeError from unread
    except Exception as error:
        if not isinstance(getattr(error, "exit_code", None), int):
            raise
        return _misused(error, name)
    return status if isinstance(status, int) else OK


def kubectl(words: Sequence[str]) -> Iterator[str]:
    """Yield `words` as typer takes them where kubectl takes others.

    ``-o=json``, ``-o jsonpath=PATH`` and a dry run's sort are other spellings of what there is.

    What follows ``--`` is somebody else's.
    """
    end = words.index("--") if "--" in words else len(words)
    text = "\0".join(words[:end])
    text = re.sub(r"(^|\0)(-o|--output)[\0=]?jsonpath=", r"\1--jsonpath\0", text)
    for word in text.split("\0") if end else ():
        if re.match(r"-[A-Za-z]=", word):
            yield from (word[:2], word[3:])
        elif word in ("--dry-run=server", "--dry-run=client"):
            yield "--dry-run"
        elif word != "--dry-run=none":
            yield word
    yield from words[end:]


class _Unread(Exception):
    """Whoever reads our output has seen enough, which typer would take for a fault."""


def _unread(command: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except BrokenPipeError as error:
            raise _Unread from error

    return run


def _group() -> None:
    pass


def _misused(error: Any, name: str) -> int:
    """Tell what is wrong with a command line; `error` is typer's, of whichever version."""
    context, message = getattr(error, "ctx", None), str(error.format_message())
    if not message or message.startswith("Usage:"):  # the verb alone: that is its help
        print(message, file=sys.stderr)
        return USAGE
    wrong = getattr(error, "option_name", None)
    if wrong and context is not None:
        message = f"there is no option {wrong}{meant(wrong, options_of(context.command))}"
    message = _guessed(message.replace(": Value error, ", ": "))
    path = context.command_path if context is not None else name
    print(f"fairlead: {message}\nTry '{path} --help'.", file=sys.stderr)
    return int(error.exit_code)


_CHOICE = re.compile(r"'(?P<word>[^']*)' is not one of (?P<known>'.*')\.?$")


def _guessed(message: str) -> str:
    """Return what typer says of a word that is none of a few, with the one that was meant."""
    found = _CHOICE.search(message)
    if found is None:
        return message
    known = re.findall(r"'([^']*)'", found["known"])
    hint = meant(found["word"], known)
    return f"{message.rstrip('.')}{hint}"


def options_of(command: Any) -> list[str]:
    """Return the options that a command of typer has, those in the open."""
    return [
        word
        for one in (*command.params,)
        for word in (*one.opts, *one.secondary_opts)
        if word.startswith("-") and not getattr(one, "hidden", False)
    ]


def _status(code: object) -> int:
    if code is None or isinstance(code, int):
        return code or OK
    print(code, file=sys.stderr)
    return USAGE
