"""What an author is warned of who writes about an app that nobody has seen, where it is stored.

It is no refusal: rules may come before the app that they are about.
"""

from __future__ import annotations

from collections.abc import Iterator

from fairlead.compiler.istio.form import Ruled
from fairlead.compiler.part import Part
from fairlead.compiler.select import rules_by_namespace
from fairlead.control.publish import Publisher
from fairlead.control.store import Object
from fairlead.kinds import InvalidResource, parse
from fairlead.kinds.suggestion import meant
from fairlead.policy.routing.action import Forward


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
    part = rules_by_namespace([resource])[namespace].parts[0]
    app = next((one for one in _apps(part) if one not in known), "")
    if not app or not known:
        return ""
    hint = meant(app, sorted(known)) or "; until one does, this has no effect"
    return f"no agent has reported an app called {app} in namespace {namespace}{hint}"


def _apps(part: Part) -> Iterator[str]:
    """Yield the apps of its namespace that an object is about, or sends calls to."""
    labelled = part.labelling.app if part.labelling else ""
    own = part.app or labelled or (part.guard.app if part.guard else "")
    if own:
        yield own
    if part.calling is not None:
        hosts = (*part.calling.hosts, *(host for way in part.calling.ways for host in _sent(way)))
        # A name with a dot may be one of another namespace, or no app's.
        yield from (host for host in hosts if "." not in host and "*" not in host)


def _sent(way: Ruled) -> Iterator[str]:
    action = way.route.action
    if isinstance(action, Forward):
        clusters = (*(one.cluster for one in action.clusters), *(m.cluster for m in action.mirrors))
        yield from (name.rpartition("|")[2] for name in clusters)
