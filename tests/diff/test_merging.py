"""A message with some places as they were live: these, and no other byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_gate.diff.equality import Equality
from ci_gate.diff.masks import NO_MASKS
from ci_gate.diff.merging import CannotMerge, merged
from ci_gate.diff.messages import compare
from ci_gate.model.message import Opaque, Part


def body(text: str, media: str = "json") -> tuple[Part, ...]:
    """A response of one part."""
    return (Part("body", text.encode(), media),)


def take(before: str, after: str, *places: str, media: str = "json") -> Any:
    """The body with these places taken over."""
    wanted = {f"response.body{one}" for one in places}
    parts = merged("response", body(before, media), body(after, media), wanted, NO_MASKS)
    value = parts["body"].value
    assert isinstance(value, bytes)
    return value.decode()


def test_only_the_wanted_places() -> None:
    """Values, new and lost members, in the order in which they came; lexemes stay."""
    before = '{"a":1.50,"b":"x","c":true}'
    after = '{"a":2.5,"n":[1],"b":"y"}'
    assert take(before, after, ".$.a") == '{"a":2.5,"b":"x","c":true}'
    assert take(before, after, ".$.n") == '{"a":1.50,"n":[1],"b":"x","c":true}'
    assert take(before, after, ".$.c") == '{"a":1.50,"b":"x"}'


def test_items_of_arrays() -> None:
    """One that came, one that went, one that changed, and another order."""
    assert take('[{"i":1},{"i":2}]', '[{"i":0},{"i":1},{"i":2}]', ".$[0]") == (
        '[{"i":0},{"i":1},{"i":2}]'
    )
    assert take("[1,2,3]", "[1,3]", ".$[1]") == "[1,3]"
    assert take('[{"i":1,"v":1}]', '[{"i":1,"v":2}]', ".$[0].v") == '[{"i":1,"v":2}]'
    assert take("[1,2]", "[2,1]", ".$") == "[2,1]"


def test_headers_by_name() -> None:
    """Other fields keep their place and their spelling."""
    before = (Part("headers", ((b"A", b"1"), (b"B", b"2"), (b"C", b"3")), "headers"),)
    after = (Part("headers", ((b"c", b"4"), (b"b", b"5"), (b"D", b"6")), "headers"),)
    parts = merged("response", before, after, {"response.headers.b"}, NO_MASKS)
    assert parts["headers"].value == ((b"A", b"1"), (b"b", b"5"), (b"C", b"3"))
    gone = merged("response", before, after, {"response.headers.a"}, NO_MASKS)
    assert gone["headers"].value == ((b"B", b"2"), (b"C", b"3"))


def test_parameters_by_value() -> None:
    """Of a query only what was accepted."""
    before, after = ((Part("query", one, "query"),) for one in (b"a=1&b=2", b"a=3&b=4"))
    parts = merged("request", before, after, {"request.query.b"}, NO_MASKS)
    assert parts["query"].value == b"a=1&b=4"


def test_texts_and_bytes_as_a_whole() -> None:
    """What has no places inside."""
    assert take("one", "two", "", media="text") == "two"
    assert take("one", "two", "", media="binary") == "two"


def test_what_is_not_at_hand_is_refused() -> None:
    """A body of which only size and digest are known."""
    live = (Part("body", Opaque(9, "x"), "binary"),)
    with pytest.raises(CannotMerge, match="too large"):
        merged("response", body("one", "binary"), live, {"response.body"}, NO_MASKS)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("xyz", max_size=1), inner, max_size=3)
    ),
    max_leaves=12,
)
_OBJECTS = st.dictionaries(st.text("klm", min_size=1, max_size=1), _VALUES, max_size=3)


@settings(max_examples=150, deadline=None)
@given(_OBJECTS, _OBJECTS, st.data())
def test_any_choice_leaves_the_rest(old: Any, new: Any, data: st.DataObject) -> None:
    """Whatever is chosen of the differences is taken over whole or refused; all of them together
    make the live message."""
    before, after = body(json.dumps(old)), body(json.dumps(new))
    found = compare("response", before, after, NO_MASKS, Equality(redacted=True))
    places = sorted({one.place for one in found})
    if not places:
        return
    made = merged("response", before, after, set(places), NO_MASKS)
    assert json.loads(made["body"].value) == new  # type: ignore[arg-type]  # bytes, as it was
    chosen = set(data.draw(st.lists(st.sampled_from(places), min_size=1, unique=True)))
    try:
        some = merged("response", before, after, chosen, NO_MASKS)
    except CannotMerge:
        return
    left = compare("response", (some["body"],), after, NO_MASKS, Equality(redacted=True))
    assert not chosen & {one.place for one in left}
