"""Kinds to policy: what people wrote, and who is alive, as one snapshot per workload.

Pure: the same world gives the same bytes. One pass per kind, in a file of the kind's name;
`passes.py` lists them in order of precedence.
"""

from __future__ import annotations

from fairlead.compiler.compile import World
from fairlead.compiler.finding import Finding
from fairlead.compiler.instance import Instance
from fairlead.compiler.membership import Membership

__all__ = ["Finding", "Instance", "Membership", "World"]
