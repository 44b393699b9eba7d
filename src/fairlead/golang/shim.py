"""What ``go`` runs in the place of its tools (``-toolexec``): puts hooks into packages of modules.

It is a program of its own, ``python -S -E -I shim.py CONFIG TOOL ARGUMENT…``; its one file is what
`modules.config` writes. A compiler that is asked for its version says that hooks are in what it
makes, so that ``go`` keeps that apart from what it makes without. The compiler of a package that
has a hook is given one file with a name changed in it, and the hook's own file beside the
package's; that of the agent is told to leave its variables out of what debuggers read. Every other
call is handed on as it is.

A package is compiled without its hook, and that is said, where it is not as the hook knows it, or
where it does not compile with it: somebody else's code never fails to build because of a hook.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any

ANY = r"(?:interface\s*\{\s*\}|any\b)"
"""The type of anything, whichever way it is written."""

WITH_C = "it has C in it"

QUOTED = re.compile(
    r"""//[^\n]*|/\*.*?\*/|`[^`]*`|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""", re.DOTALL
)
"""Comments, strings and runes of Go's, in which anything may stand."""


def main(argv: list[str]) -> int:
    """Do what one tool does, with hooks; return its exit code."""
    config = json.loads(read(argv[0]))
    command = [*config["chain"], argv[1]]
    arguments = argv[2:]
    if os.path.basename(argv[1]).partition(".")[0] != "compile":
        handed_on(command, arguments)
    if arguments == ["-V=full"]:
        return version(command, config["suffix"])
    return compiled(command, expanded(arguments), config)


def handed_on(command: list[str], arguments: list[str]) -> None:
    """Become the tool; nothing of ours is left."""
    os.execvp(command[0], [*command, *arguments])  # noqa: S606


def version(command: list[str], suffix: str) -> int:
    """Say the compiler's version, and ours behind it: ``go`` minds how the line ends."""
    done = subprocess.run([*command, "-V=full"], stdout=subprocess.PIPE, check=False)
    said = done.stdout.decode().rstrip()
    sys.stdout.write(f"{said}{suffix}\n" if said else "")
    return done.returncode


def compiled(command: list[str], arguments: list[str], config: dict[str, Any]) -> int:
    """Compile a package, with its hook if it has one."""
    package = value_of(arguments, "-p")
    if package == config["agent"]:
        # Linkers spend a tenth of their time on what debuggers are told of it: lines are enough.
        arguments = ["-dwarf=false", *arguments]
    hook = config["packages"].get(package)
    if hook is None:
        handed_on(command, arguments)
    try:
        injected = Injection(arguments, hook).arguments()
    except Drift as drift:
        return without(command, arguments, hook, str(drift), strict=config["strict"])
    done = subprocess.run([*command, *injected], stdout=subprocess.PIPE, check=False)
    if done.returncode == 0:
        sys.stdout.write(done.stdout.decode(errors="replace"))
        return 0
    said = done.stdout.decode(errors="replace").strip().splitlines() or ["no reason given"]
    why = f"it does not compile with it ({said[0]})"
    return without(command, arguments, hook, why, strict=config["strict"])


def without(
    command: list[str], arguments: list[str], hook: dict[str, Any], why: str, *, strict: bool
) -> int:
    """Compile a package as it is, and say so; where hooks are a must, only say so."""
    done = 1 if strict else subprocess.run([*command, *arguments], check=False).returncode
    if strict or done == 0:
        sys.stderr.write(f"fairlead: {hook['package']} has no hook: {why}\n")
    return done


class Drift(Exception):
    """A package is not as its hook knows it."""


class Injection:
    """The arguments of a compiler of a package, and what they become with its hook."""

    def __init__(self, arguments: list[str], hook: dict[str, Any]) -> None:
        end = len(arguments)
        while end and arguments[end - 1].endswith(".go"):
            end -= 1
        self._options, self._files, self._hook = arguments[:end], arguments[end:], hook
        self._room = os.path.join(os.path.dirname(value_of(arguments, "-o")), "fairlead")
        self._stand_for: dict[str, str] = {}
        """Files of ours, by path, and the paths they are to be known by."""

    def arguments(self) -> list[str]:
        """Return them with the hook; Drift where it does not fit."""
        if any(os.path.basename(one) == "_cgo_gotypes.go" for one in self._files):
            raise Drift(WITH_C)
        sources = {one: read(one) for one in self._files}
        changed: dict[str, str] = {}
        for declarations, name in self._hook["renames"]:
            path, text = renamed(sources | changed, declarations, name)
            changed[path] = text
        os.makedirs(self._room, exist_ok=True)
        files = [
            self._write(one, os.path.basename(one), changed[one]) if one in changed else one
            for one in self._files
        ]
        home = home_of(*min(changed.items()))
        more = self._constants(version_of(home, self._hook["module"]))
        for path in self._hook["files"]:
            name = os.path.basename(path)
            files.append(self._write(os.path.join(home, name), name, read(path) + more))
            more = ""
        return [*self._trimmed(), *files]

    def _constants(self, version: str) -> str:
        """Return what the hook is known by, in Go: an import path and a version, and a mark."""
        package = self._hook["package"]
        said = json.dumps(json.dumps({"path": package, "version": version}))
        mark = rf'"\xff fairlead go hook:" + {said} + "\xff"'
        # Nobody reads it but in the file of the program, and the linker keeps what is stored.
        kept = f"var fairleadMark string\n\nfunc init() {{ fairleadMark = {mark} }}"
        constants = f'const fairleadPath = "{package}"\n\nconst fairleadVersion = "{version}"'
        return f"\n{constants}\n\n{kept}\n"

    def _write(self, stands_for: str, name: str, text: str) -> str:
        path = os.path.join(self._room, name)
        with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as opened:
            opened.write(text)
        self._stand_for[path] = os.path.abspath(stands_for)
        return path

    def _trimmed(self) -> list[str]:
        """Return the options with one that puts the paths right that are compiled in."""
        rewrites = value_of(self._options, "-trimpath")
        ours = ";".join(
            f"{path}=>{trimmed(stands_for, rewrites)}"
            for path, stands_for in self._stand_for.items()
        )
        options, at = list(self._options), position_of(self._options, "-trimpath")
        if at is None:
            return ["-trimpath", ours, *options]
        if options[at] == "-trimpath":
            options[at + 1] = f"{ours};{rewrites}"
        else:
            options[at] = f"-trimpath={ours};{rewrites}"
        return options


def renamed(sources: dict[str, str], declarations: list[str], name: str) -> tuple[str, str]:
    """Return the path of the file that declares a function, and its text with this name for it."""
    found = []
    for declaration in declarations:
        pattern = re.compile(pattern_of(declaration), re.MULTILINE)
        for path, text in sources.items():
            for one in pattern.finditer(blanked(text)):
                start, end = one.span("name")
                found.append((path, text[:start] + name + text[end:]))
    if len(found) != 1:
        how_many = "no" if not found else "more than one"
        raise Drift(f"{how_many} declaration of {' or '.join(declarations)}")
    return found[0]


def blanked(text: str) -> str:
    """Return a text of Go's with blanks for its comments and strings; all else is where it was."""
    return QUOTED.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def pattern_of(declaration: str) -> str:
    """Return what finds a declaration that begins a line; ``name`` is where its name is.

    Its words may stand on several lines, and a comma behind the last parameter.
    """
    parts = re.fullmatch(r"(func (?:\([^)]*\) )?)(\w+)(\(.*)", declaration)
    if parts is None:
        raise Drift(f"nobody can read the declaration {declaration}")
    before, name, after = parts.groups()
    return rf"^[ \t]*{_words(before)}\s*(?P<name>{name})\s*{_words(after)}\s*\{{"


def _words(text: str) -> str:
    words = re.findall(r"\w+|\.\.\.|\S", text)
    pattern = ""
    for before, word in zip(["", *words], words, strict=False):
        if before:
            pattern += r"\s+" if before.isalnum() and word.isalnum() else r"\s*"
        more = r"(?:,\s*)?" if word == ")" and before != "(" else ""
        pattern += ANY if word == "any" else more + re.escape(word)
    return pattern


def home_of(path: str, text: str) -> str:
    """Return the folder that a file is from; one with counters of coverage in it says so itself."""
    said = re.match(r"//line (.+?):\d+(?::\d+)?\n", text)
    return os.path.dirname(said[1] if said else os.path.abspath(path))


def version_of(folder: str, module: str) -> str:
    """Return the version of a module, as its folder or the vendor folder around it says it."""
    kept = re.search(r"@(v[^/\\]+)", folder)
    if kept:
        return kept[1]
    around, vendor, _ = folder.rpartition(f"{os.sep}vendor{os.sep}")
    try:
        text = read(os.path.join(around, "vendor", "modules.txt")) if vendor else ""
    except OSError:
        text = ""
    line = re.search(rf"^# {re.escape(module)} (v\S+)", text, re.MULTILINE)
    return line[1] if line else "(devel)"


def trimmed(path: str, rewrites: str) -> str:
    """Return a path as the compiler writes it with these rewrites (cmd/internal/objabi.AbsFile)."""
    for rewrite in filter(None, rewrites.split(";")):
        prefix, _, new = rewrite.partition("=>")
        if path == prefix:
            return new
        if path.startswith(prefix + os.sep):
            rest = path[len(prefix) + 1 :]
            return f"{new}/{rest}" if new else rest
    return path


def value_of(arguments: list[str], option: str) -> str:
    """Return what an option is given, "" for nothing."""
    at = position_of(arguments, option)
    if at is None:
        return ""
    _, equals, value = arguments[at].partition("=")
    return value if equals else arguments[at + 1]


def position_of(arguments: list[str], option: str) -> int | None:
    """Return where an option is, None where it is not."""
    for at, one in enumerate(arguments):
        if one == option or one.startswith(f"{option}="):
            return at
    return None


def expanded(arguments: list[str]) -> list[str]:
    """Return arguments; very many are in a file, one a line (cmd/internal/objabi)."""
    if len(arguments) != 1 or not arguments[0].startswith("@"):
        return arguments
    escapes = {r"\n": "\n", r"\\": "\\"}
    lines = read(arguments[0][1:]).splitlines()
    return [re.sub(r"\\[n\\]", lambda found: escapes[found[0]], one) for one in lines]


def read(path: str) -> str:
    """Return the text of a file."""
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as opened:
        return opened.read()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
