"""The command line of ``go``, as far as hooks have to know it: ours, and what theirs mean to us."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

INJECTING = ("build", "install", "run", "test")
"""Verbs that make programs; all others are handed on as they are."""

_WORDS = """
C p asmflags buildmode buildvcs compiler gccgoflags gcflags installsuffix ldflags mod modfile
overlay pgo pkgdir tags toolexec o exec covermode coverpkg bench benchtime blockprofile
blockprofilerate count coverprofile cpu cpuprofile fuzz fuzzminimizetime fuzztime
memprofile memprofilerate mutexprofile mutexprofilefraction outputdir parallel run shuffle
skip timeout trace vet debug-actiongraph debug-runtime-trace debug-trace list
"""
_VALUED = frozenset(_WORDS.split())
"""Flags of those verbs that have a value, which may stand behind them as a word of its own."""


class Misused(Exception):
    """The command line is wrong; says how."""


class Line:
    """One command line, taken apart."""

    def __init__(self, verb: str) -> None:
        self.verb = verb
        self.flags: list[str] = []
        """Of ``go``, as they were written, without those below."""
        self.rest: list[str] = []
        """From the first word that is no flag: packages, and what belongs to the program."""
        self.folder = ""
        """-C"""
        self.overlay: str | None = None
        self.toolexec: str | None = None
        self.compiler = ""
        self.vet = False
        """Whether -vet was given."""
        self.dry_run = ""
        """"text" or "json"."""
        self.strict = False
        self.gls = True


def parse(arguments: Sequence[str]) -> Line:
    """Return the command line; our flags stand before the verb or behind it. Raises Misused."""
    words = list(arguments)
    line = Line("")
    _flags(line, words)
    if not words:
        said = " ".join(arguments)
        raise Misused(f"{said}: no verb: build, run, test, install, or another of go's")
    line.verb = words.pop(0)
    if line.verb in INJECTING:
        _flags(line, words)
    line.rest = words
    return line


def _flags(line: Line, words: list[str]) -> None:
    while words and words[0].startswith("-") and words[0] not in ("-", "--"):
        word = words.pop(0)
        name, equals, value = word.lstrip("-").partition("=")
        if _ours(line, word, name, value if equals else None):
            continue
        if name not in _VALUED or equals:
            kept = [word]
        elif words:
            value = words.pop(0)
            kept = [word, value]
        else:
            raise Misused(f"{word} needs a value")
        if not _noted(line, name, value):
            line.flags += kept


def _ours(line: Line, word: str, name: str, value: str | None) -> bool:
    match name:
        case "dry-run" if value in (None, "text", "json"):
            line.dry_run = value or "text"
        case "strict" if value in (None, "true", "false"):
            line.strict = value != "false"
        case "gls" if value in ("on", "off"):
            line.gls = value == "on"
        case "dry-run" | "strict" | "gls":
            may = {"dry-run": "--dry-run, --dry-run=json", "strict": "--strict"}
            raise Misused(f"{word}: may be {may.get(name, '--gls=on, --gls=off')}")
        case _:
            return False
    return True


def _noted(line: Line, name: str, value: str) -> bool:
    """Keep what flags of ``go`` mean to us; tell whether we say it to ``go`` ourselves."""
    match name:
        case "C":
            line.folder = value
        case "overlay":
            line.overlay = value
        case "toolexec":
            line.toolexec = value
        case "compiler":
            line.compiler = value
            return False
        case "vet":
            line.vet = True
            return False
        case _:
            return False
    return True


def inherited(line: Line, goflags: str) -> None:
    """Read what GOFLAGS says; the command line wins."""
    said = Line(line.verb)
    _flags(said, fields(goflags))
    line.overlay = said.overlay if line.overlay is None else line.overlay
    line.toolexec = said.toolexec if line.toolexec is None else line.toolexec
    line.compiler = line.compiler or said.compiler
    line.vet = line.vet or said.vet


def fields(text: str) -> list[str]:
    """Return the words of a text as ``go`` reads them (cmd/internal/quoted). Raises Misused.

    Quotes keep spaces, and nothing is escaped.
    """
    words: list[str] = []
    text = text.strip()
    while text:
        if text[0] in "'\"":
            word, quote, text = text[1:].partition(text[0])
            if not quote:
                raise Misused(f"a quote without its end: {word}")
        else:
            word, _, text = text.partition(" ")
        words.append(word)
        text = text.lstrip()
    return words


def joined(words: Sequence[str]) -> str:
    """Return `words` as a text that ``go`` reads them from. Raises Misused."""
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    if word and not any(one in word for one in " \t\n'\""):
        return word
    for quote in "'\"":
        if quote not in word:
            return f"{quote}{word}{quote}"
    raise Misused(f"go can read no word with both quotes in it: {word}")
