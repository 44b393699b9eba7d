"""JSON patches: the operations of RFC 6902, and what is no patch or does not fit."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from fairlead.control.api.jsonpatch import json_patch
from fairlead.control.api.status import Refused


def op(name: str, path: str, **more: Any) -> dict[str, Any]:
    return {"op": name, "path": path, **more}


@pytest.mark.parametrize(
    ("before", "patch", "after"),
    [
        ({"foo": "bar"}, [op("add", "/baz", value="qux")], {"foo": "bar", "baz": "qux"}),
        ({"foo": ["a", "c"]}, [op("add", "/foo/1", value="b")], {"foo": ["a", "b", "c"]}),
        ({"foo": ["a"]}, [op("add", "/foo/-", value=["b"])], {"foo": ["a", ["b"]]}),
        ({"foo": ["a"]}, [op("add", "/foo/1", value="b")], {"foo": ["a", "b"]}),
        ({"foo": 1}, [op("add", "/foo", value=None)], {"foo": None}),
        ({"foo": 1}, [op("add", "", value={"bar": 2})], {"bar": 2}),
        ({"a": 1, "b": 2}, [op("remove", "/b")], {"a": 1}),
        ({"foo": [1, 2, 3]}, [op("remove", "/foo/1")], {"foo": [1, 3]}),
        ({"foo": None}, [op("remove", "/foo")], {}),
        ({"foo": [1, 2]}, [op("replace", "/foo/0", value=9)], {"foo": [9, 2]}),
        ({"foo": 1}, [op("replace", "", value={"bar": 2})], {"bar": 2}),
        (
            {"foo": {"waldo": "fred"}, "qux": {}},
            [op("move", "/qux/thud", **{"from": "/foo/waldo"})],
            {"foo": {}, "qux": {"thud": "fred"}},
        ),
        ({"foo": [1, 2, 3]}, [op("move", "/foo/2", **{"from": "/foo/0"})], {"foo": [2, 3, 1]}),
        ({"foo": 1}, [op("move", "/foo", **{"from": "/foo"})], {"foo": 1}),
        ({"a": {"b": []}}, [op("copy", "/c", **{"from": "/a"})], {"a": {"b": []}, "c": {"b": []}}),
        ({"/": 9, "~1": 10}, [op("test", "/~01", value=10)], {"/": 9, "~1": 10}),
        ({"/": 9}, [op("test", "/~1", value=9.0)], {"/": 9}),
        ({"": {"": 1}}, [op("replace", "//", value=2)], {"": {"": 2}}),
        (
            {"a": [{"x": 1, "y": None}]},
            [op("test", "/a", value=[{"y": None, "x": 1}])],
            {"a": [{"x": 1, "y": None}]},
        ),
        ({"a": 1}, [], {"a": 1}),
    ],
)
def test_operations_do_what_the_rfc_says(before: Any, patch: Any, after: Any) -> None:
    """Tools of every language make these patches, and count on one meaning."""
    kept = deepcopy(before)
    assert json_patch(before, patch) == after
    assert before == kept


@pytest.mark.parametrize(
    "operation",
    [
        op("test", "/a", value=2),
        op("test", "/a", value=True),
        op("test", "/a", value="1"),
        op("test", "/nowhere", value=None),
        op("remove", "/nowhere"),
        op("remove", ""),
        op("replace", "/nowhere", value=1),
        op("add", "/nowhere/b", value=1),
        op("add", "/a/b", value=1),
        op("add", "/l/2", value=1),
        op("add", "/l/01", value=1),
        op("add", "/l/-1", value=1),
        op("add", "/l/x", value=1),
        op("add", "/l/" + "9" * 5000, value=1),
        op("remove", "/l/-"),
        op("remove", "/l/1"),
        op("copy", "/b", **{"from": "/nowhere"}),
        op("move", "/b", **{"from": "/nowhere"}),
        op("move", "/o/x/y", **{"from": "/o/x"}),
    ],
)
def test_a_patch_that_does_not_fit_changes_nothing(operation: dict[str, Any]) -> None:
    """All operations or none: the first would otherwise stay where the second fails."""
    before = {"a": 1, "l": [0], "o": {"x": {}}}
    kept = deepcopy(before)
    with pytest.raises(Refused) as refused:
        json_patch(before, [op("add", "/b", value=1), operation])
    assert (refused.value.code, refused.value.reason) == (422, "Invalid")
    assert f"operation 1 of the JSON patch, {operation['op']}: " in str(refused.value)
    assert before == kept


@pytest.mark.parametrize(
    "patch",
    [
        None,
        {},
        op("add", "/a", value=1),
        ["add"],
        [{}],
        [{"op": "increment", "path": "/a"}],
        [{"op": ["add"], "path": "/a"}],
        [{"op": "remove"}],
        [{"op": "remove", "path": "a"}],
        [{"op": "remove", "path": 5}],
        [{"op": "add", "path": "/a"}],
        [{"op": "copy", "path": "/a"}],
        [{"op": "move", "path": "/a", "from": "b"}],
    ],
)
def test_what_is_no_patch_is_a_bad_request(patch: Any) -> None:
    """Half an operation must not be guessed at."""
    with pytest.raises(Refused) as refused:
        json_patch({"a": 1}, patch)
    assert refused.value.code == 400


def test_a_short_patch_cannot_fill_the_memory() -> None:
    """Each copy doubles what the next one copies: thirty of them are a billion values."""
    double = [op("copy", "/a/-", **{"from": "/a"}) for _ in range(40)]
    with pytest.raises(Refused) as refused:
        json_patch({"a": [1]}, double)
    assert refused.value.code == 413
    with pytest.raises(Refused) as refused:
        json_patch({"a": [1]}, [op("test", "/a/0", value=1)] * 1_001)
    assert refused.value.code == 413
