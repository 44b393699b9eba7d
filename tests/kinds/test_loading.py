"""Files and bodies: bounds, lines, traps (the last bullet of bad input)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.kinds import InvalidResource, load_documents, load_object
from fairlead.kinds.document import DEEPEST, MOST_BYTES
from fairlead.kinds.document.writer import write_yaml

RULE = """apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficLabelRule
metadata:
  name: rule
spec:
  selector: {app: gateway}
  trafficLabel: gray
  match:
  - condition: "=="
    type: header
    key: x-user
    value: VALUE
"""


def said(text: str | bytes, source: str = "f.yaml") -> list[str]:
    """Return every violation in `text`, as `fairlead apply` prints them."""
    with pytest.raises(InvalidResource) as caught:
        load_documents(text, source)
    return [str(violation) for violation in caught.value.violations]


@pytest.mark.parametrize(
    ("items", "got"), [("item: []", "none"), ("items: a", "a string"), ("items:", "null")]
)
def test_a_list_without_items_is_refused(items: str, got: str):
    """Its author meant to apply something, and would read "nothing to do" as done."""
    assert said(f"kind: List\n{items}\n") == [
        f"f.yaml:{2 if 'items' in items else 1}: items: required: a list of objects, got {got}"
    ]


def test_several_documents_and_lists_are_flattened_and_empty_ones_skipped():
    """People concatenate files, and `kubectl get -o yaml` prints lists."""
    one = RULE.replace("VALUE", "a")
    two = one.replace("name: rule", "name: other")
    listed = json.dumps(
        {"apiVersion": "v1", "kind": "List", "items": [load_object(one), load_object(two)]}
    )
    text = f"---\n# nothing\n---\n{one}---\n{two}...\n---\n{listed}\n---\n"
    assert [r.name for r in load_documents(text)] == ["rule", "other", "rule", "other"]
    assert load_documents("") == []


def test_every_violation_of_every_document_has_its_file_line_and_path():
    """Two files of forty rules are not searched by hand."""
    text = RULE.replace("VALUE", "1.10") + "---\n" + RULE.replace("header", "head")
    number, unknown = said(text)
    assert number == (
        "f.yaml:12: spec.match[0].value: the number 1.1 is neither a string nor an integer: "
        'quote the value: "1.10"'
    )
    assert unknown.startswith("f.yaml:23: spec.match[0].type: unknown type 'head', did you mean")


def test_a_missing_field_is_reported_where_it_should_have_been():
    """The nearest line there is."""
    text = RULE.replace("    value: VALUE\n", "")
    assert said(text) == ["f.yaml:9: spec.match[0].value: required: a string or an integer"]


def test_paths_in_a_list_start_at_the_item():
    """The author typed items."""
    text = "kind: List\nitems:\n- {kind: Nothing}\n- 5\n"
    found = said(text)
    assert found[0].startswith("f.yaml:3: items[0].apiVersion: required")
    assert found[2] == "f.yaml:4: items[1]: an object is a map, got the integer 5"


@pytest.mark.parametrize(
    ("text", "line"), [("a: 1\n\tb: 2\n", 2), ("a:\n\t- b\n", 2), ("a:\n  b:\n  \tc: d\n  - e", 3)]
)
def test_a_tab_is_reported_with_line_column_and_a_hint(text, line):
    """An editor's tab looks exactly like its spaces."""
    (message,) = said(text)
    assert message.startswith(f"f.yaml:{line}: a tab in the indentation: YAML takes spaces only")
    assert "column" in message


@pytest.mark.parametrize(
    "text",
    ["a: b: c", "a: [1,", "a: 'x", "a\n b: c", "%YAML 9.9\n---\na: b\n", "}", "a: @b", "\x01"],
)
def test_what_is_not_yaml_is_reported_with_its_line(text):
    """One violation, no traceback."""
    (message,) = said(text)
    assert message.startswith(("f.yaml:1: ", "f.yaml:2: "))


def test_what_is_not_utf_8_is_reported_with_its_line():
    """UTF-16 from an editor of old."""
    assert said(b"a: b\nc: \xff\n") == ["f.yaml:2: is not UTF-8: byte 0xff"]
    assert "surrogate" in said("a: \ud800")[0]
    assert load_documents(b"\xef\xbb\xbf" + RULE.replace("VALUE", "a").encode())


def test_duplicate_keys_are_refused_with_both_lines():
    """F27: a parser keeps the last one, and nobody sees the first one go."""
    text = RULE.replace("VALUE", "a") + "    key: other\n"
    assert said(text) == ["f.yaml:13: spec.match[0].key: is written twice, first on line 11"]


@pytest.mark.parametrize("size", [MOST_BYTES + 1, 10_000_000])
def test_a_large_text_is_refused_before_it_is_parsed(size):
    """F27: 10 MB."""
    (message,) = said(b"[" * size)
    assert message == f"f.yaml: {size:,} bytes, at most 1,048,576 are read: split the file"


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "[{a: "])
def test_deep_nesting_is_refused(opening):
    """F27: recursion that ends in a crash."""
    for count in (DEEPEST + 2, 100_000):
        (message,) = said(opening * count)
        assert "nested more than 64 deep" in message or "a key is text" in message


def test_as_deep_as_allowed_is_read():
    """The bound is the bound."""
    text = "[" * DEEPEST + "]" * DEEPEST
    assert load_object("a: " + text[2:-2])
    (message,) = said(text)
    assert "an object is a map" in message


def test_an_anchor_bomb_is_refused():
    """F27: nine lines that are a billion values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    (message,) = said("\n".join(lines))
    assert "more than 50,000 values" in message


def test_nesting_by_aliases_counts():
    """Sixty-five lines, each one level deeper."""
    lines = ["a0: &a0 []"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 80)]
    (message,) = said("\n".join(lines))
    assert "nested more than 64 deep" in message


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a: &a [*a]", "without end"),
        ("a: *b", "no &b"),
        ("a: &x {b: c}\n<<: *x", "merge keys"),
        ("a: !!python/object:os.system x", "tags"),
        ("a: !!binary aGVsbG8=", "tags"),
        ("a: !x {b: c}", "tags"),
        ("a: !x [b]", "tags"),
        ("condition: !=", 'quote it: "!="'),
        ("[a]: b", "a key is text"),
        ("1: b", "quote the key"),
        ("yes: b", "quote the key"),
        ("null: b", "quote the key"),
        ("0x1: b", "quote the key"),
        ("a: [" + "1," * 60_000 + "]", "more than 50,000"),
    ],
)
def test_what_yaml_can_do_beyond_plain_objects_is_refused(text, word):
    """Every one of them says something else to another tool."""
    assert any(word in message for message in said(text))


def test_an_alias_within_bounds_is_read():
    """Harmless, and some people like them."""
    text = RULE.replace("gateway", "&app gateway").replace("VALUE", "*app")
    assert load_documents(text)[0].spec.match[0].values == ("gateway",)
    assert load_object("a: &a [1]\nb: *a") == {"a": [1], "b": [1]}


TRAPS = {
    "0123": "a number",
    "089": "a number",
    "0x10": "a number",
    "0b11": "a number",
    "0o17": "a number",
    "1_000": "a number",
    "+5": "a number",
    "-0": "a number",
    "1_0.5": "a number",
    "12:30": "a number in base 60",
    "1:20:30.5": "a number in base 60",
    "2026-11-20": "a date",
    "2026-11-20T10:00:00Z": "a date",
    "2026-11-20 10:00:00": "a date",
    ".nan": "a number that is none",
    "NaN": "a number that is none",
    "-.inf": "a number that is none",
    "Infinity": "a number that is none",
    "9223372036854775808": "an integer beyond 64 bits",
    "1" * 5000: "an integer beyond 64 bits",
    "1e999": "infinite",
}


@pytest.mark.parametrize("text", TRAPS)
def test_a_scalar_that_tools_read_differently_is_to_be_quoted(text):
    """Contract 11: `0123` is 83, 123 or "0123", depending on who reads it."""
    (message,) = said(RULE.replace("VALUE", text))
    assert message.startswith("f.yaml:12: spec.match[0].value: ")
    advice = (
        "quote the value"
        if TRAPS[text] == "a date"
        else "write a plain number, or quote it as text"
    )
    assert message.endswith(f"is read as {TRAPS[text]}: {advice}")
    assert load_documents(RULE.replace("VALUE", f'"{text[:4000]}"'))


@pytest.mark.parametrize(
    "text", ["yes", "no", "on", "Off", "true", "y", "1.10", "1.", ".5", "1e3", "-2.5E-3", "~", ""]
)
def test_a_boolean_a_fraction_and_nothing_are_to_be_quoted_as_they_were_written(text):
    """The hint shows what the author typed, not what it was read as."""
    (message,) = said(RULE.replace("VALUE", text))
    assert "quote the value" in message
    if text not in ("~", "", "true"):
        assert message.endswith(f'"{text}"')


@pytest.mark.parametrize(
    "text",
    ["v1", "1.2.3", "10.0.0.1", "a:b", "==", "-", "1-2", "0", "-5", "x1", "e3", "_1", "=", "."],
)
def test_everything_else_is_read_as_it_stands(text):
    """No quotes where no tool disagrees."""
    rule = RULE.replace("VALUE", text)
    if text == "-":
        rule = RULE.replace("VALUE", '"-"')
    assert load_documents(rule)[0].spec.match[0].values == (text,)


def test_traps_in_what_a_server_wrote_are_not_the_authors():
    """Some servers write unquoted dates."""
    text = RULE.replace("VALUE", "a").replace(
        "  name: rule\n", "  name: rule\n  creationTimestamp: 2026-11-20T10:00:00Z\n"
    )
    assert load_documents(text + "status: {share: 0x1, at: 2026-11-20}\n")
    assert said(text.replace("name: rule", "name: 0123"))


def test_a_quoted_scalar_is_text_whatever_it_looks_like():
    """That is what quotes are for, and `!!str`."""
    for value in ('"yes"', "'1.10'", "!!str 5", "|-\n      0123", "! 7"):
        (rule,) = load_documents(RULE.replace("VALUE", value))
        assert rule.spec.match[0].values[0] in {"yes", "1.10", "5", "0123", "7"}


BODIES = [
    (b'{"a": 1, "a": 2}', "a: is written twice"),
    (b'{"a": {"b": [{"c": 1, "c": 2}]}}', "a.b[0].c: is written twice"),
    (b'{"a": NaN}', "NaN is no number"),
    (b'{"a": -Infinity}', "-Infinity is no number"),
    (b'{"a": ' + b"1" * 5000 + b"}", "an integer of 5000 digits"),
    (b'{"a": "\xff"}', "is not UTF-8"),
    (b'{"a": 1', "is not JSON"),
    (b"{" * 3, "is not JSON"),
    (b'{"a":' * 100_000, "nested more than 64"),
    (b'{"a":' + b"[" * 70 + b"]" * 70 + b"}", "nested more than 64"),
    (b'{"a": [' + b"1," * 60_000 + b"1]}", "more than 50,000 values"),
    (b"[]", "one object"),
    (b"5", "one object"),
    (b"", "one object"),
    (b"a: 1\n---\nb: 2\n", "got 2 documents"),
    (b"a: 0123", "a: 0123 is read as a number"),
    (b"a:\n\tb: c", "a tab"),
    (b" " * (MOST_BYTES + 1), "at most 1,048,576"),
]


@pytest.mark.parametrize(("body", "word"), BODIES, ids=[word for _, word in BODIES])
def test_a_body_is_one_bounded_object_of_json_or_yaml(body, word):
    """The API reads bytes of strangers."""
    with pytest.raises(InvalidResource) as caught:
        load_object(body)
    assert word in str(caught.value)


def test_a_body_is_read_as_json_where_it_is():
    """Escapes that YAML has not, and fractions for whoever takes them."""
    assert load_object(b' {"a": "\\ud83d\\ude00\\/", "b": 1.5, "c": null}') == {
        "a": "\U0001f600/",
        "b": 1.5,
        "c": None,
    }
    assert load_object("a: 1.5\nb: [x]") == {"a": 1.5, "b": ["x"]}


PLAIN = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(1 << 63), (1 << 63) - 1),
        st.text(max_size=20),
        st.sampled_from(
            [*TRAPS, "yes", "~", "1.10", "=", "<<", "- a", "a: b", "#", "!x", "&a", "*a"]
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=6), PLAIN, max_size=4))
def test_what_we_write_as_yaml_is_read_back_as_it_was(plain):
    """`fairlead get -o yaml | fairlead apply -f -` changes nothing."""
    assert load_object(write_yaml(plain) + "\n") == plain


def test_a_key_that_begins_with_a_foreign_space_is_no_json():
    """It was found by the test above: a no-break space before a brace."""
    assert load_object("\xa0{: 1\n") == {"\xa0{": 1}
    assert load_object(' \n{"a": 1}') == load_object(b' \t\r\n{"a": 1}') == {"a": 1}


@given(st.one_of(st.text(max_size=60), st.binary(max_size=60)))
def test_any_text_is_read_or_refused_and_nothing_else(text):
    """No traceback for whatever is in a file."""
    for read in (load_documents, load_object):
        try:
            read(text)
        except InvalidResource as error:
            refusal = str(error)
        else:
            continue
        assert refusal


MARKS = st.lists(
    st.sampled_from(
        [
            "a",
            ": ",
            "- ",
            "[",
            "]",
            "{",
            "}",
            ", ",
            "\n",
            "  ",
            "&a ",
            "*a",
            "? ",
            "'",
            '"',
            "|",
            "#",
            "!",
        ]
    ),
    max_size=25,
).map("".join)


@given(MARKS)
def test_anything_that_looks_like_yaml_is_read_or_refused_and_nothing_else(text):
    """Random text seldom gets past the first character."""
    try:
        load_documents(text)
    except InvalidResource as error:
        refusal = str(error)
    else:
        return
    assert refusal
