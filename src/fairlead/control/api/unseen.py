"""What an author is warned of who writes about an app that nobody has seen, where it is stored.

It is no refusal: rules may come before the app that they are about.
"""

from __future__ import annotations

from fairlead.compiler.part import Part
from fairlead.compiler.select import rules_by_namespace
from fairlead.control.publish import Publisher
from fairlead.control.store import Object
from fairlead.kinds import InvalidResource, parse
from fairlead.kinds.suggestion import meant


def unseen(publisher: Publisher, plain: Object) -> str:
    """Return a warning, ``""`` where the app of `plain` is known or it is about none.

    Of a namespace without any app nothing is said: its rules come first.
    """
    try:
        resource = parse(plain)
    except InvalidResource:
        return ""
    namespace = resource.namespace
    known = {app for at, app in publisher.inputs.apps if at == namespace}
    app = _app(rules_by_namespace([resource])[namespace].parts[0])
    if not app or not known or app in known:
        return ""
    hint = meant(app, sorted(known)) or "; until one does, this has no effect"
    return f"no agent has reported an app called {app} in namespace {namespace}{hint}"


def _app(part: Part) -> str:
    labelled = part.labelling.app if part.labelling else ""
    return part.app or labelled or (part.guard.app if part.guard else "")
