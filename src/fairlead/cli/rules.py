"""Python files as rules: executed, and searched for the resources they define."""

from __future__ import annotations

import runpy
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fairlead.kinds import HttpMatch, InvalidResource, Match, Resource, StringMatch, Violation
from fairlead.kinds.message import complaints

LIST = "RESOURCES"
"""A list of this name says what to apply; without it, every resource at module level is."""

_MODELS = {model.__name__: model for model in (Match, StringMatch, HttpMatch)}


def load_rules(path: Path) -> list[Resource[Any]]:
    """Execute the file at `path` and return its resources.

    Raises InvalidResource, with file and line, for whatever goes wrong in it.
    """
    here = str(path.resolve().parent)
    sys.path.insert(0, here)
    try:
        names = runpy.run_path(str(path))
    except InvalidResource as error:
        raise InvalidResource(_placed(error.violations, path, error)) from error
    except ValidationError as error:
        model = _MODELS.get(error.title, Match)
        found = (Violation(loc=loc, message=text) for loc, text in complaints(error, model))
        raise InvalidResource(_placed(found, path, error)) from error
    except (Exception, SystemExit) as error:
        what = Violation(message=f"{type(error).__name__}: {error}")
        raise InvalidResource(_placed([what], path, error)) from error
    finally:
        sys.path.remove(here)
    return list(_resources(names, path))


def _resources(names: dict[str, Any], path: Path) -> Iterator[Resource[Any]]:
    if LIST not in names:
        found = [value for value in names.values() if isinstance(value, Resource)]
        yield from {id(resource): resource for resource in found}.values()
        return
    for position, resource in enumerate(names[LIST]):
        if not isinstance(resource, Resource):
            message = f"{LIST}[{position}] is no resource but {type(resource).__name__}"
            raise InvalidResource([Violation(message=message, source=str(path))])
        yield resource


def _placed(violations: Any, path: Path, error: BaseException) -> Iterator[Violation]:
    line = _line(path, error)
    for violation in violations:
        yield Violation(loc=violation.loc, message=violation.message, source=str(path), line=line)


def _line(path: Path, error: BaseException) -> int:
    """Return the line of the file that `error` came through last."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno or 0
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return (lines[-1] or 0) if lines else 0
