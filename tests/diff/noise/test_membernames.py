"""Objects whose members are named by ids and times."""

from __future__ import annotations

import json
import uuid
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ci_gate.diff.equality import Equality
from ci_gate.diff.masks import Masks
from ci_gate.diff.messages import compare
from ci_gate.diff.noise.held import Context, Varying
from ci_gate.diff.noise.membernames import as_recorded, learn_names, named_otherwise
from ci_gate.model.message import Part

ONE, TWO, THREE, FOUR, *MORE = (f"{n}f0c2a34-0000-4000-8000-0123456789ab" for n in "123456789")
REPLAYS = (MORE[:2], MORE[2:4])


def body(value: Any, **more: Any) -> tuple[Part, ...]:
    """A JSON body."""
    return (Part("body", json.dumps(value, **more).encode(), "json"),)


def watches(*names: str, extra: Any = None) -> Any:
    """A map of two by id."""
    urls = ("https://a.example/", "https://b.example/")
    return {name: {"url": url, "extra": extra} for name, url in zip(names, urls, strict=False)}


def differences(recorded: Any, live: Any, *replays: Any) -> list[str]:
    """The places that differ once names were learned from replays."""
    noise, _ = learn_names("response", body(recorded), [body(one) for one in replays])
    varying = Varying(noise, "response", Context(), "x", "GET /x")
    after = as_recorded("response", body(recorded), body(live), varying.allows)
    masks = Masks().with_varying(varying)
    found = compare("response", body(recorded), after, masks, Equality())
    return [one.place for one in found]


def test_names_are_learned_with_their_kind() -> None:
    """The names of an object have one kind, and replays get the recorded ones."""
    recorded = {"items": watches(ONE, TWO), "count": 2}
    replays = [
        body({"items": watches(*REPLAYS[0]), "count": 2}),
        body({"items": watches(*REPLAYS[1]), "count": 2}),
    ]
    noise, alike = learn_names("response", body(recorded), replays)
    assert [(one.at, one.kind) for one in noise] == [("response.body.$.items.~", "uuid")]
    assert [json.loads(one[0].value) for one in alike] == [recorded, recorded]  # type: ignore[arg-type]  # bytes, as made above


def test_members_are_told_by_what_is_in_them() -> None:
    """In whatever order they come."""
    recorded, live = watches(ONE, TWO), dict(reversed(watches(THREE, FOUR).items()))
    named = named_otherwise("response", body(recorded)[0], body(live)[0])
    assert [(one.recorded, one.live) for one in named] == [(ONE, THREE), (TWO, FOUR)]


def test_what_was_learned_is_no_difference() -> None:
    """Fresh names pass, what is in the members is compared."""
    replays = [watches(*one) for one in REPLAYS]
    assert differences(watches(ONE, TWO), watches(FOUR, THREE), *replays) == []
    changed = watches(FOUR, THREE, extra="new")
    places = differences(watches(ONE, TWO), changed, *replays)
    assert places == [f'response.body.$["{ONE}"].extra', f'response.body.$["{TWO}"].extra']


def test_what_was_not_learned_is_a_difference() -> None:
    """Names that never varied, names of another kind, and another number of members."""
    recorded = watches(ONE, TWO)
    assert differences(recorded, watches(THREE, TWO)) != []
    replays = [watches(*one) for one in REPLAYS]
    assert differences(recorded, watches("a", "b"), *replays) != []
    assert differences(recorded, watches(THREE), *replays) != []


def test_words_and_small_numbers_are_no_names_that_vary() -> None:
    """A member that was renamed is a change of the service."""
    assert learn_names("response", body({"a": 1}), [body({"b": 1}), body({"c": 1})])[0] == ()
    assert learn_names("response", body({"1": 1}), [body({"2": 1}), body({"3": 1})])[0] == ()
    assert learn_names("response", (), [()]) == ((), [()])


def test_times_are_names_too() -> None:
    """A history by the second."""
    history = [{str(1_795_231_600 + n): "snapshot.txt"} for n in range(4)]
    assert differences(history[0], history[3], history[1], history[2]) == []


def test_bytes_around_names_stay() -> None:
    """Numbers keep their digits and spaces stay; a value that reads like a name is none."""
    live = b'{ "%s" : {"n": 1.50, "same": "%s"} }' % (TWO.encode(), TWO.encode())
    recorded = b'{"%s": {"n": 1.50, "same": "x"}}' % ONE.encode()
    parts = (Part("body", live, "json"),)
    after = as_recorded("response", (Part("body", recorded, "json"),), parts, lambda *_: True)
    assert after[0].value == b'{ "%s" : {"n": 1.50, "same": "%s"} }' % (ONE.encode(), TWO.encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.uuids().map(str), inner),
    max_leaves=20,
)


@given(JSON, JSON)
def test_any_json(recorded: Any, live: Any) -> None:
    """Whatever comes, what is renamed is still JSON of the same type."""
    after = as_recorded("response", body(recorded), body(live), lambda *_: True)[0].value
    assert isinstance(after, bytes)
    assert type(json.loads(after)) is type(live)
    assert named_otherwise("response", Part("body", b"{", "json"), body(live)[0]) == []


def test_a_body_of_another_kind_has_no_names() -> None:
    """Text, and bodies that lie in files."""
    text = Part("body", str(uuid.uuid4()).encode(), "text")
    assert named_otherwise("response", text, text) == []
    assert as_recorded("response", (text,), (text,), lambda *_: True) == (text,)
