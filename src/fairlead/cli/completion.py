"""``fairlead completion``: what makes a shell complete verbs, options, and names that are there.

The scripts know nothing: they ask ``fairlead __complete``, which is of the installed version.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from fairlead.cli import command

BASH = r"""# bash completion for fairlead: source <(fairlead completion bash)
_fairlead() {
    local line cur before words=()
    line="${COMP_LINE:0:COMP_POINT}"
    read -ra words <<< "$line"
    [[ "$line" == *[[:space:]] ]] && words+=("")
    cur="${words[-1]}"
    # Readline replaces what follows the last = or : only.
    before="${cur%"${cur##*[=:]}"}"
    COMPREPLY=()
    while IFS=$'\t' read -r line _; do
        if [[ "$line" == ":files" ]]; then
            compopt -o filenames 2>/dev/null
            while IFS= read -r line; do
                COMPREPLY+=("$line")
            done < <(compgen -f -- "${cur#"$before"}")
        else
            [[ "$line" == *= || "$line" == */ ]] && compopt -o nospace 2>/dev/null
            COMPREPLY+=("${line#"$before"}")
        fi
    done < <(fairlead __complete "${words[@]:1}" 2>/dev/null)
}
complete -F _fairlead fairlead
"""

ZSH = r"""#compdef fairlead
# zsh completion for fairlead: source <(fairlead completion zsh)
_fairlead() {
    local line
    local -a offered
    while IFS= read -r line; do
        if [[ "$line" == ":files" ]]; then
            _files
        elif [[ "$line" == *$'\t'* ]]; then
            offered+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
        else
            offered+=("${line//:/\\:}")
        fi
    done < <(fairlead __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
    (( ${#offered} )) && _describe -t fairlead fairlead offered
}
compdef _fairlead fairlead
"""

FISH = r"""# fish completion for fairlead: fairlead completion fish | source
function __fairlead_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (fairlead __complete $words[2..-1] 2>/dev/null)
        if test "$line" = ":files"
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c fairlead -f -a '(__fairlead_complete)'
"""


class Shell(StrEnum):
    """A shell that can be taught."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


SCRIPTS = {Shell.BASH: BASH, Shell.ZSH: ZSH, Shell.FISH: FISH}


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead completion``."""
    return command.run("completion", arguments, COMMANDS)


def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print what makes a shell complete fairlead's words: source <(fairlead completion bash)."""
    print(SCRIPTS[shell], end="")


COMMANDS: command.Commands = {"completion": completion}
