"""Edits have one place, or none at all; every other byte stays."""

from __future__ import annotations

import pytest

from fairlead.golang.hooks import After, Field, Rename
from fairlead.golang.rewrite import Drift, edited

SOURCE = b"""\
package http

// func (sh serverHandler) ServeHTTP(rw ResponseWriter, req *Request) { is said here, too
var text = `
func (sh serverHandler) ServeHTTP(rw ResponseWriter, req *Request) {
`

type g struct {
	labels unsafe.Pointer // profiler labels
}

func (f HandlerFunc) ServeHTTP(rw ResponseWriter, req *Request) {
	f(rw, req)
}

func (sh serverHandler) ServeHTTP(
	rw ResponseWriter, req *Request,
) {
	if sh.labels != nil {
		gp.labels = nil // really
	}
}
"""
RENAME = Rename(
    ("func (sh serverHandler) ServeHTTP( rw ResponseWriter, req *Request, )",), "fairleadServeHTTP"
)


def one(text: bytes, *edits: Rename | Field | After) -> bytes:
    return edited({"a.go": text, "b.go": b"package http\n"}, edits)["a.go"]


def test_a_function_gets_another_name_and_nothing_else_changes() -> None:
    assert one(SOURCE, RENAME) == SOURCE.replace(b") ServeHTTP(\n", b") fairleadServeHTTP(\n")


def test_lines_stay_where_they_are() -> None:
    changed = one(
        SOURCE,
        RENAME,
        Field("g", "fairlead unsafe.Pointer"),
        After(("ServeHTTP", "gone"), "gp.labels = nil", "gp.fairlead = nil"),
    )
    assert changed.count(b"\n") == SOURCE.count(b"\n")
    assert b"labels\n fairlead unsafe.Pointer }" in changed
    assert b"gp.labels = nil; gp.fairlead = nil // really" in changed


def test_another_signature_is_told() -> None:
    wanted = Rename(("func (sh serverHandler) ServeHTTP(rw ResponseWriter) error",), "x")
    with pytest.raises(Drift, match=r"there is no .* error; there is func \(sh serverHandler\)"):
        one(SOURCE, wanted)


def test_what_is_gone_is_told() -> None:
    with pytest.raises(Drift, match="there is no type m struct"):
        one(SOURCE, Field("m", "x int"))
    with pytest.raises(Drift, match=r"there is no `gp\.gone` in ServeHTTP"):
        one(SOURCE, After(("ServeHTTP",), "gp.gone", "x"))


def test_two_places_are_one_too_many() -> None:
    with pytest.raises(Drift, match="is there 2 times"):
        edited({"a.go": SOURCE, "b.go": SOURCE}, [RENAME])


def test_syntax_that_is_newer_than_the_grammar_is_in_nobodys_way() -> None:
    newer = SOURCE + b"\nfunc (r *Rand) N[Int any](n Int) Int { return n }\n"
    assert b"fairleadServeHTTP" in one(newer, RENAME)
