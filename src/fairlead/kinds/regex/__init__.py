"""Which regular expressions are let in; `problem` says why one is not."""

from __future__ import annotations

from fairlead.kinds.regex.ambiguity import LONGEST, problem

__all__ = ["LONGEST", "problem"]
