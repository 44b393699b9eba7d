"""Stands for Cython where there is none: what is said to it is that nothing is compiled."""

from __future__ import annotations


class _Interpreted:
    def __init__(self) -> None:
        self.compiled = False


cython = _Interpreted()
